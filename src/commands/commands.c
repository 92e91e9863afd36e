/* commands.c: the table of subcommands, in the order in which a new user needs them. */
#include "commands/all.h"

const Command commands[] = {
    {"init", "Write smelt.yaml and pipeline/ to edit; check Kafka and the disk", command_init},
    {"produce", "Synthetic telecom events to Kafka or a file", command_produce},
    {"ingest", "Kafka or a file into Bronze, exactly once", command_ingest},
    {"refine", "Bronze into Silver and Gold, incrementally", command_refine},
    {"train", "Train the churn model on Gold", command_train},
    {"score", "Score every subscriber with the newest model", command_score},
    {"publish", "A new snapshot generation for readers", command_publish},
    {"run", "ingest, refine, train when due, score, publish; with history", command_run},
    {"up", "Everything in one process, live, with the dashboards", command_up},
    {"serve", "API and dashboards over the published snapshots", command_serve},
    {"status", "State of each part, in words", command_status},
    {"audit", "Prove from the tables that every offset is accounted for", command_audit},
    {"recover", "Repair a damaged or missing lake; a dry run unless --yes", command_recover},
    {"backup", "Add what is new to the backup in a folder", command_backup},
    {"restore", "Make the lake from the backup in a folder", command_restore},
    {"quarantine", "What failed its contract, and why", command_quarantine},
    {"sql", "Read-only SQL on the newest snapshot; --show prints compiled SQL", command_sql},
    {"config", "Each setting, its value and where it came from", command_config},
    {NULL, NULL, NULL},
};
