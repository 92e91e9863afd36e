/* topics.c: see topics.h. */
#include "kafka/topics.h"

#include "base/buf.h"
#include "base/memory.h"
#include <string.h>

#define NAME_MAX_LENGTH 249 /* Kafka's own limit: the folder of a partition has the name and a number */

static bool has_bad_character(const char *name) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return name[strspn(name, allowed)] != '\0';
}

/* `where`: the setting, or what else has the name. */
static int check_name(const char *where, const char *name, Error *err) {
    if (name[0] == '\0') return error_set(err, ERR_CONFIG, "%s has an empty name between its commas: remove it", where);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strlen(name) > NAME_MAX_LENGTH || has_bad_character(name))
        return error_set(err, ERR_CONFIG,
                         "%s: \"%s\" cannot be the name of a topic: Kafka takes up to %d letters, digits, dots, underscores and hyphens",
                         where, name, NAME_MAX_LENGTH);
    return 0;
}

static size_t place_of(const TopicList *list, const char *name) {
    size_t i = 0;
    while (i < list->count && strcmp(list->names[i], name) != 0) i++;
    return i;
}

/* Takes the name over. */
static void add(TopicList *list, char *name) {
    list->names = xrealloc(list->names, list->count + 1, sizeof *list->names);
    list->names[list->count++] = name;
}

static int add_checked(TopicList *list, const char *where, const char *name, Error *err) {
    if (check_name(where, name, err) != 0) return -1;
    if (place_of(list, name) < list->count) return error_set(err, ERR_CONFIG, "%s has the topic %s twice: remove one", where, name);
    add(list, xstrdup(name));
    return 0;
}

static char *next_name(const char **at) {
    size_t n = strcspn(*at, ",");
    const char *first = *at + strspn(*at, " \t"), *end = *at + n;
    while (end > first && (end[-1] == ' ' || end[-1] == '\t')) end--;
    *at += n;
    if (**at == ',') ++*at;
    return end > first ? xstrndup(first, (size_t)(end - first)) : xstrdup("");
}

static int add_listed(TopicList *list, const char *text, Error *err) {
    for (const char *at = text; *at != '\0';) {
        CLEANUP(free_text) char *name = next_name(&at);
        if (add_checked(list, "setting kafka.topics", name, err) != 0) return -1;
    }
    return 0;
}

/* kafka.topic, where there are no others. */
static int add_only(TopicList *list, const char *name, Error *err) {
    static const char where[] = "setting kafka.topic";
    if (name[0] == '\0') return error_set(err, ERR_CONFIG, "%s is empty", where);
    if (strchr(name, ',') != NULL) return error_set(err, ERR_CONFIG, "%s is \"%s\": several topics go into kafka.topics", where, name);
    return add_checked(list, where, name, err);
}

int topic_list_read(const Settings *settings, const char *const *declared, size_t count, TopicList *ret, Error *err) {
    CLEANUP(topic_list_done) TopicList list = {0};
    if (add_listed(&list, settings_text(settings, "kafka.topics"), err) != 0) return -1;
    bool listed = list.count > 0;
    for (size_t i = 0; i < count && !listed; i++)
        if (place_of(&list, declared[i]) == list.count && add_checked(&list, "the contracts' physicalName", declared[i], err) != 0)
            return -1;
    if (list.count == 0 && add_only(&list, settings_text(settings, "kafka.topic"), err) != 0) return -1;
    *ret = list;
    list = (TopicList){0};
    return 0;
}

int topic_list_pick(TopicList *list, const char *name, Error *err) {
    size_t place = place_of(list, name);
    if (place == list->count) {
        CLEANUP(buf_done) Buf names = {0};
        for (size_t i = 0; i < list->count; i++) buf_addf(&names, "%s%s", i > 0 ? ", " : "", list->names[i]);
        return error_set(err, ERR_USAGE, "--topic %s is none of the topics that are read here: %s (kafka.topics)", name, names.data);
    }
    char *kept = list->names[place];
    list->names[place] = list->names[0];
    list->names[0] = kept;
    while (list->count > 1) free(list->names[--list->count]);
    return 0;
}

void topic_list_done(TopicList *list) {
    for (size_t i = 0; i < list->count; i++) free(list->names[i]);
    free(list->names);
    *list = (TopicList){0};
}
