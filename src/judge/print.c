/* print.c: the program for people: a line for each value that a contract names, in the order in which they are judged, and below it a line
 * for each test of it: rule and reason. */
#include "judge/program.h"

#include <string.h>

static const char *type_of(const Node *node) {
    if (node->type == VALUE_JSON) return node->array ? "list" : "object";
    return node->sql_type;
}

static void print_node(const Node *node, const char *path, Buf *out) {
    buf_addf(out, "    %-28s %-14s%s", path, type_of(node), node->required ? " required" : " optional");
    if (node->column >= 0) buf_addf(out, " -> %s", node->column_name);
    buf_add_char(out, '\n');
    for (size_t i = 0; i < node->test_count; i++)
        buf_addf(out, "        %s: %s%s\n", node->tests[i].rule, node->tests[i].reason, node->tests[i].counted > 0 ? " (counted)" : "");
}

/* `path` ends with the node's own name; it is put back to that. */
static void print_tree(const Node *node, Buf *path, Buf *out) {
    size_t len = path->len;
    print_node(node, path->data, out);
    for (size_t i = 0; i < node->members.count; i++) {
        buf_addf(path, ".%s", node->members.nodes[i].name.at);
        print_tree(&node->members.nodes[i], path, out);
        path->len = len;
        path->data[len] = '\0';
    }
    if (node->items == NULL) return;
    buf_add_str(path, "[]");
    print_tree(node->items, path, out);
    path->len = len;
    path->data[len] = '\0';
}

static void print_root(const Node *node, Buf *out) {
    CLEANUP(buf_done) Buf path = {0};
    buf_add_str(&path, node->name.at);
    print_tree(node, &path, out);
}

static void print_contract(const ContractProgram *c, Buf *out) {
    buf_addf(out, "\n%s: %s %s\n", c->contract->event_type, c->contract->id, c->contract->version);
    if (c->contract->topic != NULL) buf_addf(out, "    of the topic %s\n", c->contract->topic);
    if (c->contract->upper_entity) buf_addf(out, "    %s is in capitals\n", c->contract->entity.column);
    if (c->entity.name.at != NULL) print_root(&c->entity, out);
    print_root(&c->timestamp, out);
    if (c->quality.name.at != NULL) print_root(&c->quality, out);
    for (size_t i = 0; i < c->payload.count; i++) print_root(&c->payload.nodes[i], out);
}

static void print_limits(Buf *out) {
    static const char *const of[JUDGE_LIMITS] = {[LIMIT_BYTES] = "payload",  [LIMIT_DEPTH] = "payload",   [LIMIT_KEYS] = "payload",
                                                 [LIMIT_VALUES] = "payload", [LIMIT_AHEAD] = "timestamp", [LIMIT_ID_LENGTH] = "ids"};
    buf_add_str(out, "limits of every event\n");
    for (int i = 0; i < JUDGE_LIMITS; i++) buf_addf(out, "    %-28s %s: %s\n", of[i], judge_limits[i].rule, judge_limits[i].reason);
    buf_addf(out, "    %-28s characters: must not have controls, or characters that change the direction of text; must be in NFC\n", "ids");
    buf_addf(out, "    %-28s repeated_field: must not be there more than once in an object\n", "keys");
    buf_addf(out, "    %-28s impossible_time: must be a day and a time that there are, in the years 0001 to 9999\n", "times");
}

void judge_program_print(const JudgeProgram *p, Buf *out) {
    print_limits(out);
    for (size_t i = 0; i < p->contract_count; i++) print_contract(&p->contracts[i], out);
}
