SELECT letter_id, sender, text
FROM {{ ref('raw_letters') }}
