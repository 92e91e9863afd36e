-- $1: the SHA-256 of an id that is too long for a cursor (src/web/cursor.h).
SELECT {{key}}::VARCHAR FROM {{view}} WHERE strlen({{key}}::VARCHAR) > 128 AND sha256({{key}}::VARCHAR) = $1
