/* forecast_parts.c: what both ways of making a forecast's sums are written from. */
#include "compile/forecasting.h"

#include "base/memory.h"

/* {{late}}: the batches whose events had happened long before they were loaded. */
void forecasting_add_events(Buf *out, const Forecasting *f) {
    buf_addf(out,
             "\nFROM (\n    SELECT *, (epoch_us(event_timestamp) // 86400000000)::INTEGER AS day,\n"
             "        CASE WHEN kafka_timestamp IS NULL OR batch_id IN ({{late}}) THEN epoch_us(event_timestamp) // 86400000000\n"
             "            ELSE greatest(epoch_us(event_timestamp), epoch_us(kafka_timestamp)) // 86400000000 END::INTEGER AS known\n"
             "    FROM silver_clean_events WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND %s IS NOT NULL)",
             f->key);
}

char *forecasting_part_name(const Forecasting *f, size_t measure, int days) {
    const char *name = f->measures.items[measure].name;
    return days > 0 ? xasprintf("%s_%dd", name, days) : xstrdup(name);
}

int forecasting_days_read(const Forecasting *f) {
    return f->widest > f->forecast->events_within ? f->widest : f->forecast->events_within;
}
