/* commands.c: the table of subcommands, in the order in which a new user needs them. */
#include "commands/all.h"

const Command commands[] = {
    {"init", "Write smelt.yaml and pipeline/ for editing; check Kafka and the disk", command_init},
    {"produce", "Send synthetic telecom events to Kafka or a file", command_produce},
    {"ingest", "Read Kafka or a file into Bronze, exactly once", command_ingest},
    {"refine", "Process Bronze into Silver and Gold, incrementally", command_refine},
    {"train", "Train the churn model on Gold", command_train},
    {"score", "Score all of the model's entity with the newest model", command_score},
    {"model", "List, promote, roll back and compare models; export a training set", command_model},
    {"publish", "Write a new snapshot generation for readers", command_publish},
    {"run", "Run ingest, refine, train when due, score and publish; keep the history", command_run},
    {"up", "Run everything live in one process, with the dashboards", command_up},
    {"serve", "Serve the API and the dashboards from the published snapshots", command_serve},
    {"token", "Make, list and revoke the tokens that open the API", command_token},
    {"status", "Show the state of each part", command_status},
    {"audit", "Prove from the tables that every offset is accounted for", command_audit},
    {"recover", "Repair a damaged or missing lake; a dry run unless --yes", command_recover},
    {"backup", "Add the new commits to the backup in a folder", command_backup},
    {"restore", "Restore the lake from the backup in a folder", command_restore},
    {"quarantine", "List events that broke their contract, with reasons", command_quarantine},
    {"contract", "Check contracts and features; infer, compare and print contracts", command_contract},
    {"sql", "Run read-only SQL on the newest snapshot; --show prints compiled SQL", command_sql},
    {"config", "Print each setting, its value and its source", command_config},
    {NULL, NULL, NULL},
};
