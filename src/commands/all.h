/* all.h: the entry point of each subcommand, for the table in commands.c. */
#pragma once
#include "commands/command.h"

int command_init(App *app, int argc, char **argv, Error *err);
int command_produce(App *app, int argc, char **argv, Error *err);
int command_ingest(App *app, int argc, char **argv, Error *err);
int command_refine(App *app, int argc, char **argv, Error *err);
int command_train(App *app, int argc, char **argv, Error *err);
int command_score(App *app, int argc, char **argv, Error *err);
int command_model(App *app, int argc, char **argv, Error *err);
int command_publish(App *app, int argc, char **argv, Error *err);
int command_run(App *app, int argc, char **argv, Error *err);
int command_up(App *app, int argc, char **argv, Error *err);
int command_serve(App *app, int argc, char **argv, Error *err);
int command_status(App *app, int argc, char **argv, Error *err);
int command_audit(App *app, int argc, char **argv, Error *err);
int command_recover(App *app, int argc, char **argv, Error *err);
int command_backup(App *app, int argc, char **argv, Error *err);
int command_restore(App *app, int argc, char **argv, Error *err);
int command_quarantine(App *app, int argc, char **argv, Error *err);
int command_sql(App *app, int argc, char **argv, Error *err);
int command_contract(App *app, int argc, char **argv, Error *err);
int command_token(App *app, int argc, char **argv, Error *err);
int command_config(App *app, int argc, char **argv, Error *err);
