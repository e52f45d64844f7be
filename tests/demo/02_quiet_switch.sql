-- A ledger is started, and a setting is switched on for everybody.

-- Each of five roles may do what its work needs, and no more.
CREATE EXTENSION consent_ledger;
CREATE ROLE privacy_office;
CREATE ROLE website;
CREATE ROLE archive;
CREATE ROLE data_team;
CREATE ROLE auditor;
SELECT consent.grant_role('admin', 'privacy_office'), consent.grant_role('recorder', 'website'), consent.grant_role('importer', 'archive'),
	consent.grant_role('trainer', 'data_team'), consent.grant_role('auditor', 'auditor');
GRANT SELECT ON click TO data_team;
GRANT SELECT ON message TO data_team, auditor;

-- What data is used for, which table holds whose data, and what people were told:
-- not a word about AI.
SET ROLE privacy_office;
SELECT consent.create_ledger('tandemoor.example/consent');
SELECT consent.define_purpose('improve_products', title => 'Improving our products', since => '2023-01-01Z');
SELECT consent.protect('message', parties => '{sender, recipient}', collected_at => 'sent_at');
SELECT consent.publish_notice('privacy', '2024-03-06', 'We use what you write to run and improve our products.',
	'{improve_products}', stated_on => '2024-03-06', zone => 'Europe/Dublin', published_at => '2024-03-06 09:00Z');

\echo '2024-08-01  "Use my data to train AI" is switched on for all members.'
SELECT consent.define_purpose('ai_training', '{improve_products}', title => 'Training AI', since => '2024-08-01Z');
SELECT consent.define_purpose('partner_sharing', title => 'Passing data on to partners', since => '2024-08-01Z');
SELECT consent.set_preset('~ai_training', at => '2024-08-01Z');
RESET ROLE;
