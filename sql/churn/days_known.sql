-- $1 first day, $2 the day at whose beginning the history ends.
UPDATE model_progress SET first_day = $1, end_day = $2, newest = (SELECT newest FROM {{state}}), updated_on = timezone('UTC', now())::DATE
