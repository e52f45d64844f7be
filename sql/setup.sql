-- What the tests of this folder build on.
SELECT extname, extversion, extnamespace::regnamespace
FROM pg_extension WHERE extname = 'consent_ledger';
SELECT consent.create_ledger('regress.example/consent', test => true) IS NOT NULL AS created;
