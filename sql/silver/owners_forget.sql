DELETE FROM column_owners
