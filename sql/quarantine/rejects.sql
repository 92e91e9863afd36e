SELECT count(*) FROM bronze_rejects
