SELECT message_id, is_spam
FROM {{ ref('raw_labels') }}
