-- Every record that was set aside, as the rejects file shows it.
-- grain: one problem of one record
-- key: delivery_id, file, line, column, reason
-- tables: rejects
-- parameters: -
-- columns: delivery_id int64, file string, line int64, column string, value string, reason string, record string
SELECT
    delivery_id,
    file,
    line,
    "column",
    value,
    reason,
    record
FROM rejects
ORDER BY delivery_id, file, line, reason, "column"
