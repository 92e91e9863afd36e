/* config.c: `smelt config`. */
#include "base/memory.h"
#include "commands/all.h"
#include "commands/settings_table.h"

enum { OPT_MARKDOWN = 1 };

static error_t parse(int key, char *arg, struct argp_state *state) {
    (void)arg;
    bool *markdown = state->input;
    if (key != OPT_MARKDOWN) return ARGP_ERR_UNKNOWN;
    *markdown = true;
    return 0;
}

static const struct argp argp = {
    .options =
        (const struct argp_option[]){
            {"markdown", OPT_MARKDOWN, NULL, 0, "Print all settings with their types, ranges and meanings, as Markdown", 0}, {0}},
    .parser = parse,
    .doc = "Prints each setting, its value and its source. "
           "--set overrides the environment, which overrides smelt.yaml, which overrides the default."
           "\vExamples:\n"
           "  smelt config\n"
           "  SMELT_KAFKA_TOPIC=orders smelt --set data.dir=/var/lib/smelt config --json\n"
           "The environment variable of data.dir is SMELT_DATA_DIR, and so on. Any kafka.NAME is passed to librdkafka as NAME.\n",
};

static int print_markdown(App *app) {
    CLEANUP(free_text) char *document = settings_table_document();
    say(app, "%s", document);
    app->summary = json_pack("{ss}", "markdown", document);
    return 0;
}

static int print_values(App *app) {
    app->summary = json_object();
    for (size_t i = 0; i < settings_count(app->settings); i++) {
        Setting s = settings_at(app->settings, i);
        const char *value = s.secret ? "(hidden)" : s.value;
        say(app, "%-24s %-20s %-20s %s\n", s.key, value[0] != '\0' ? value : "\"\"", s.source, s.help);
        json_object_set_new(app->summary, s.key, json_pack("{ss ss}", "value", value, "source", s.source));
    }
    return 0;
}

int command_config(App *app, int argc, char **argv, Error *err) {
    bool markdown = false;
    if (command_parse(app, &argp, argc, argv, &markdown, err) != 0) return -1;
    return markdown ? print_markdown(app) : print_values(app);
}
