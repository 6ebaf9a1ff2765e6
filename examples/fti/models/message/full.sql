SELECT message_id, text
FROM {{ ref('raw_messages') }}
