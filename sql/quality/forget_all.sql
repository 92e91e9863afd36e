-- A rebuild makes Silver anew, and other contracts may have other rules: the next refine measures, and counts Silver's rows, again.
DELETE FROM quality_state
