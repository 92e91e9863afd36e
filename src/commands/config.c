/* config.c: `smelt config`. */
#include "commands/all.h"

static const struct argp argp = {
    .doc = "Prints each setting, its value and where it came from: --set over the environment over smelt.yaml over the default."
           "\vExamples:\n"
           "  smelt config\n"
           "  SMELT_KAFKA_TOPIC=orders smelt --set data.dir=/var/lib/smelt config --json\n"
           "The environment name of data.dir is SMELT_DATA_DIR, and so on. Any kafka.NAME is passed to librdkafka as NAME.\n",
};

int command_config(App *app, int argc, char **argv, Error *err) {
    if (command_parse(app, &argp, argc, argv, NULL, err) != 0) return -1;
    app->summary = json_object();
    for (size_t i = 0; i < settings_count(app->settings); i++) {
        Setting s = settings_at(app->settings, i);
        const char *value = s.secret ? "(hidden)" : s.value;
        say(app, "%-24s %-20s %-20s %s\n", s.key, value[0] != '\0' ? value : "\"\"", s.source, s.help);
        json_object_set_new(app->summary, s.key, json_pack("{ss ss}", "value", value, "source", s.source));
    }
    return 0;
}
