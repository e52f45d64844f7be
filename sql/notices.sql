-- Notices: the texts people are shown, known by the hash of their bytes.
\set VERBOSITY terse
SET client_min_messages = warning;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SELECT consent.define_purpose('ntc_ai') > 0 AS defined;
SELECT consent.define_purpose('ntc_ads') > 0 AS defined;

-- passes: the hash of the very bytes
SELECT consent.publish_notice('ntc_privacy', '2024-09-18', E'We may use your data\nto train AI.\n', '{ntc_ai, ntc_ads, ntc_ai}',
	stated_on => '2024-11-20', zone => 'america/los_angeles', published_at => '2024-09-18 15:00-07', url => 'https://example.org/privacy')
	= sha256(E'We may use your data\nto train AI.\n') AS hash;

-- The date that it bears and the time it is said to have been published are
-- claims; when it was recorded is a fact.
SELECT n.label, n.name, n.version, n.purposes, n.stated_on, n.zone, n.published_at, n.language, n.url,
       n.recorded_at = e.recorded_at AND e.recorded_at > now() - interval '1 minute' AS recorded_now
FROM consent.notice n JOIN consent.event e USING (event_id) WHERE n.name = 'ntc_privacy';

-- what its event says, without the text
SELECT e.kind, regexp_replace(e.detail, '"sha256":"[0-9a-f]{64}"', '"sha256":"..."') AS detail,
       d ->> 'sha256' = encode(n.sha256, 'hex') AS hash
FROM consent.notice n JOIN consent.event e USING (event_id), CAST(e.detail AS json) d WHERE n.name = 'ntc_privacy';

-- passes: the same again is nothing new
SELECT encode(consent.publish_notice('ntc_privacy', '2024-09-18', E'We may use your data\nto train AI.\n', '{ntc_ads, ntc_ai}',
	stated_on => '2024-11-20', zone => 'America/Los_Angeles', published_at => '2024-09-18 22:00Z', url => 'https://example.org/privacy'), 'hex');
-- also where it says less
SELECT consent.publish_notice('ntc_privacy', '2024-09-18', E'We may use your data\nto train AI.\n', '{ntc_ai, ntc_ads}') = sha256(E'We may use your data\nto train AI.\n') AS same;
SELECT count(*) FROM consent.event WHERE kind = 'notice_published' AND detail LIKE '%ntc\_privacy%';

-- fails: one byte less
SELECT consent.publish_notice('ntc_privacy', '2024-09-18', E'We may use your data\nto train AI.', '{ntc_ads, ntc_ai}',
	stated_on => '2024-11-20', zone => 'America/Los_Angeles', published_at => '2024-09-18 22:00Z', url => 'https://example.org/privacy');
-- fails: the same text said to be of another date
\set VERBOSITY default
SELECT consent.publish_notice('ntc_privacy', '2024-09-18', E'We may use your data\nto train AI.\n', '{ntc_ads, ntc_ai}',
	stated_on => '2024-09-18', published_at => '2024-09-18 22:00Z');
\set VERBOSITY terse
-- passes: the same text as another version; no purposes at all
SELECT encode(consent.publish_notice('ntc_privacy', '2024-09-19', E'We may use your data\nto train AI.\n', '{ntc_ai}'), 'hex');
SELECT consent.publish_notice('ntc_cookies', '1', 'We set no cookies.', '{}') IS NOT NULL AS published;
-- passes: bytes are bytes, and lines end as they end; letters are as they are composed
SELECT consent.publish_notice('ntc_bytes', 'crlf', E'a\r\nb', '{}') = sha256('\x610d0a62') AS crlf, consent.publish_notice('ntc_bytes', 'lf', E'a\nb', '{}') = sha256('\x610a62') AS lf,
       consent.publish_notice('ntc_bytes', 'nfc', U&'\00e9', '{}') = sha256('\xc3a9') AS nfc, consent.publish_notice('ntc_bytes', 'nfd', U&'e\0301', '{}') = sha256('\x65cc81') AS nfd;
SELECT label, convert_to(body, 'UTF8') AS bytes, sha256 = sha256(convert_to(body, 'UTF8')) AS hash FROM consent.notice WHERE name = 'ntc_bytes' ORDER BY label;
SELECT consent.publish_notice('ntc_bytes', 'nfc', U&'e\0301', '{}');  -- fails
SELECT consent.publish_notice('ntc_bytes', 'crlf', E'a\nb', '{}');  -- fails
SELECT consent.publish_notice('ntc_bytes', 'same/text', E'a\nb', '{}') = sha256('\x610a62') AS hash;
SELECT consent.publish_notice('ntc_bytes', 'long', repeat('We may. ', 1000000), '{}') = sha256(convert_to(repeat('We may. ', 1000000), 'UTF8')) AS hash;
SELECT encode(consent.publish_notice('ntc_datenschutz', '1', 'Größe, 日本語, 🙂', '{}', language => 'de'), 'hex')
	= encode(sha256(convert_to('Größe, 日本語, 🙂', 'UTF8')), 'hex') AS hash;

-- fails: labels
SELECT consent.publish_notice('', '1', 'x', '{}');
SELECT consent.publish_notice('ntc', '', 'x', '{}');
SELECT consent.publish_notice('ntc/x', '1', 'x', '{}');
SELECT consent.publish_notice('ntc privacy', '1', 'x', '{}');
SELECT consent.publish_notice('ntc', '1,2', 'x', '{}');
SELECT consent.publish_notice('ntc', U&'1\00a02', 'x', '{}');
\set VERBOSITY sqlstate
SELECT consent.publish_notice('ntc', E'1\t2', 'x', '{}');
SELECT consent.publish_notice('ntc', U&'1\00852', 'x', '{}');
\set VERBOSITY terse
SELECT consent.publish_notice(repeat('n', 254), '1', 'x', '{}');
-- fails: purpose, zone, times, nothing to show
SELECT consent.publish_notice('ntc', '1', 'x', '{ntc_none}');
SELECT consent.publish_notice('ntc', '1', 'x', '{}', zone => 'Europe/Atlantis');
SELECT consent.publish_notice('ntc', '1', 'x', '{}', published_at => '2999-01-01 00:00Z');
SELECT consent.publish_notice('ntc', '1', 'x', '{}', stated_on => 'infinity');
SELECT consent.publish_notice('ntc', '1', 'x', '{}', stated_on => '0044-03-15 BC');
SELECT consent.publish_notice('ntc', '1', '', '{}');
SELECT consent.publish_notice('ntc', '1', NULL, '{}');
SELECT consent.publish_notice('ntc', '1', 'x', NULL);
-- passes: the first and the last day there is, whatever the session writes
SET DateStyle = 'German';
SELECT consent.publish_notice('ntc', '1', 'x', '{}', stated_on => '01.01.0001') IS NOT NULL
   AND consent.publish_notice('ntc', '2', 'x', '{}', stated_on => '31.12.9999') IS NOT NULL AS published;
SELECT e.detail::json ->> 'stated_on' AS stated_on FROM consent.notice n JOIN consent.event e USING (event_id)
WHERE n.name = 'ntc' ORDER BY n.version;
SET DateStyle = 'ISO';

-- That a person was shown it is an event about her.
SELECT consent.serve_notice('ntc_alice', 'ntc_privacy/2024-09-18') > 0 AS recorded;
SELECT consent.serve_notice('ntc_alice', 'ntc_privacy/2024-09-19', '2024-09-20 08:00+00', method => 'banner',
	jurisdiction => 'US-CA', source => 'web', external_id => 'ntc-1') AS served \gset
SELECT consent.serve_notice('ntc_alice', 'ntc_privacy/2024-09-19', '2024-09-20 08:00+00', method => 'banner',
	jurisdiction => 'US-CA', source => 'web', external_id => 'ntc-1') = :served AS same;
SELECT kind, notice, choices, method, jurisdiction, event_time = '2024-09-20 08:00Z' AS as_claimed
FROM consent.event WHERE subject = 'ntc_alice' ORDER BY event_id;
-- no choice follows from it
SELECT state::text = '' AS no_choice FROM consent.subject WHERE key = 'ntc_alice';
-- fails
SELECT consent.serve_notice('ntc_alice', 'ntc_privacy/2031');
SELECT consent.serve_notice('ntc_alice', 'ntc_privacy');
SELECT consent.serve_notice('ntc_alice', NULL);
SELECT consent.serve_notice(NULL::text, 'ntc_privacy/2024-09-18');
SELECT consent.serve_notice(7, 'ntc_privacy/2024-09-18');
SELECT consent.serve_notice('ntc_alice', 'ntc_privacy/2024-09-18', '2999-01-01 00:00Z');
