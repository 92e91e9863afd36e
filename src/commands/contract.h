/* contract.h: the actions of `smelt contract`. */
#pragma once
#include "commands/command.h"
#include "contract/declarations.h"

typedef struct ContractOptions {
    const char *action;
    const char *args[2]; /* behind it */
    size_t arg_count;
    const char *pipeline, *topic, *file, *out;
    int64_t sample;
} ContractOptions;

/* The folder of --pipeline or of the setting; NULL: the built-in files. */
const char *contract_dir(const App *app, const ContractOptions *o);
/* A PatternCheck by the judge's patterns. */
int contract_check_pattern(const char *text, const char *value, Error *err);
/* Writes the text to --out, or prints it. ERR_IO. */
int contract_write(const App *app, const ContractOptions *o, const char *text, size_t len, Error *err) MUST_CHECK;

/* As Command.run, with the options. */
int contract_infer(App *app, const ContractOptions *o, Error *err);
int contract_diff(App *app, const ContractOptions *o, Error *err);
int contract_docs(App *app, const ContractOptions *o, Error *err);
