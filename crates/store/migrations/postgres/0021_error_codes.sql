-- The code of the last error in the integration's manifest, which has the error's cause and cure.
ALTER TABLE health ADD COLUMN last_error_code TEXT;
