-- Whose Gold there is, the first entity first; that of the model has a risk_title; in the order of src/snapshot/entities.c.
SELECT entity, plural, key_column, key_type, title, title_plural, description, features_view, features_base, features_delta, base_table, label,
       risk_title, value_feature, value_name, value_title, value_unit,
       place, place_x, place_y,
       (SELECT string_agg(name, ',' ORDER BY list_position, position) FROM gold_columns AS c
        WHERE c.entity = e.entity AND (list_position > 0 OR kind = 'label')) AS listed
FROM (FROM gold_entities
      UNION ALL BY NAME SELECT NULL::VARCHAR AS place, NULL::VARCHAR AS place_x, NULL::VARCHAR AS place_y WHERE false) AS e -- those of an earlier version have no place
ORDER BY position
