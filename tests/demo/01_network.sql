-- A professional network that does not exist, Tandemoor: 20,000 members and
-- 500,000 private messages.  A few talk much and most little, mostly within
-- their circle, and the same pairs again and again.  setseed() makes it the
-- same every time.

\echo -n 'Making 20,000 members'
SET max_parallel_workers_per_gather = 0;
SELECT setseed(0.2024);

CREATE TABLE member (name text PRIMARY KEY, rank integer UNIQUE);
INSERT INTO member
SELECT given[1 + i % 100] || '.' || head[1 + i / 100 % 20] || tail[1 + i / 2000], row_number() OVER (ORDER BY random()) - 1
FROM generate_series(0, 19999) i, (VALUES (
	'{ada,aiko,alma,amir,anna,anton,ari,asha,astrid,boris,bruno,carla,chen,clara,cyrus,dana,daria,diego,dilip,edith,
	elena,elias,emil,emma,enzo,esra,eva,fatou,felix,femi,flora,franz,freya,gita,goran,grace,greta,hana,hans,hugo,
	ida,igor,ines,inga,isaac,ivan,ivy,jack,jana,jin,joao,judith,kai,karim,kira,klara,lars,layla,lea,leo,
	lin,lucia,luka,maja,malik,mara,marco,maya,mei,mila,mina,mira,moses,nadia,naoki,neha,nils,nina,noor,nora,
	olga,omar,oskar,otto,paula,petra,priya,rana,rosa,samir,sara,sven,tariq,tessa,tomas,uma,vera,wanda,yusuf,zoe}'::text[],
	'{ash,barn,birch,black,brook,clay,corn,fair,fern,green,hart,hazel,holm,lang,marsh,north,oak,stan,thorn,wood}'::text[],
	'{bury,by,combe,dale,field,ford,ham,leigh,more,worth}'::text[])) names (given, head, tail);

-- Two who talk, since when, and how much: one of the busy ones, with somebody
-- of the same circle (there are 500, of 40 members) or with another busy one.
\echo -n ', 500,000 messages'
CREATE TEMP TABLE pair AS
SELECT one, CASE WHEN random() < 0.7 THEN (one + 500 * ceil(39 * random())::integer) % 20000 ELSE floor(20000 * random() ^ 2.5)::integer END AS other,
	least(300, 1.5 / random() ^ 0.7)::integer AS messages, 400 * random() * interval '1 day' AS begins
FROM (SELECT floor(20000 * random() ^ 2.5)::integer AS one FROM generate_series(1, 130000)) busy;

CREATE TABLE message (id bigint PRIMARY KEY, sender text NOT NULL, recipient text NOT NULL, sent_at timestamptz NOT NULL, body text NOT NULL);
INSERT INTO message
SELECT row_number() OVER (ORDER BY at), CASE WHEN first THEN one.name ELSE other.name END, CASE WHEN first THEN other.name ELSE one.name END, at,
	body[ceil(8 * which)]
FROM (SELECT one, other, date_trunc('second', timestamptz '2023-10-01Z' + begins + (400 * interval '1 day' - begins) * random() ^ 2) AS at,
		random() < 0.55 AS first, 1 - random() AS which
	FROM pair CROSS JOIN LATERAL generate_series(1, messages) WHERE one <> other LIMIT 500000) said
JOIN member one ON one.rank = said.one
JOIN member other ON other.rank = said.other,
(VALUES ('{I have not told anybody yet.,Are you free on Thursday?,They offered me the job!,Please keep this between us.,
	Thank you for the introduction.,What do they pay you?,I am thinking of leaving.,See you at the meetup.}'::text[])) said_often (body);

-- What the settings page logged.  In August one in a hundred finds the switch
-- that was turned on for her, and turns it off; after the announcement a quarter
-- follows, some agree, some only for what they will write from then on.
\echo -n ', their clicks on the settings page'
CREATE TABLE click (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, member text NOT NULL, at timestamptz NOT NULL,
	agrees boolean NOT NULL, only_new boolean NOT NULL, partners boolean NOT NULL);
INSERT INTO click (member, at, agrees, only_new, partners)
SELECT name, date_trunc('second', CASE WHEN fate < 0.01 THEN timestamptz '2024-08-02Z' + sooner * interval '9 days'
		ELSE timestamptz '2024-09-18 06:00Z' + sooner * interval '40 days' END) AS at,
	fate >= 0.26, fate >= 0.41, fate BETWEEN 0.26 AND 0.28
FROM (SELECT name, random() AS fate, random() ^ 2 AS sooner FROM member ORDER BY rank) member
WHERE fate < 0.46
ORDER BY at, name;
\echo '.'
