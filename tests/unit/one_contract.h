/* one_contract.h: the beginning of a contract whose payload a test fills: one event type with the envelope's fields. Properties follow,
 * each in a line that begins with ten blanks and a dash. */
#pragma once

#define ONE_CONTRACT_WITHOUT_VERSION                                                                                                       \
    "kind: DataContract\nid: r\nversion: 1.0.0\nstatus: active\nschema:\n  - name: T\n    properties:\n"                                   \
    "      - {name: id, logicalType: string, physicalName: event_id, required: true}\n"                                                    \
    "      - {name: type, logicalType: string, physicalName: event_type, required: true}\n"                                                \
    "      - {name: source, logicalType: string, physicalName: source_system, required: true}\n"                                           \
    "      - {name: subscriber_id, logicalType: string, physicalName: subscriber_id, required: true}\n"                                    \
    "      - {name: timestamp, logicalType: timestamp, physicalName: event_timestamp, required: true}\n"                                   \
    "      - {name: quality_score, logicalType: integer, physicalName: quality_score, required: true}\n"                                   \
    "      - name: payload\n        logicalType: object\n        physicalName: raw_payload\n        required: true\n"                      \
    "        properties:\n"
#define ONE_CONTRACT "apiVersion: v3.1.0\n" ONE_CONTRACT_WITHOUT_VERSION

/* features.yaml beside it. */
#define ONE_FEATURE "version: 1\nminimum_events: 1\nfeatures:\n  - {name: n, aggregate: count}\n"
