SELECT
    message.message_id,
    length(message.text) AS letters,
    length(regexp_replace(message.text, '[^A-Z]', '', 'g')) AS capitals,
    length(regexp_replace(message.text, '[^!]', '', 'g')) AS shouts,
    length(regexp_replace(message.text, '[^0-9]', '', 'g')) AS digits
FROM {{ ref('message/full') }} AS message
