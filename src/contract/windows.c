/* windows.c: see windows.h. */
#include "contract/windows.h"

#include "contract/reader.h"
#include "contract/text.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_MAX  366 /* days */
#define WINDOWS_MAX 8

static int compare_days(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

static int read_window(const DocNode *node, int *ret, Error *err) {
    int days = 0, end = 0;
    const char *text = json_string_value(node->value);
    if (text == NULL || sscanf(text, "%3dd%n", &days, &end) != 1 || end == 0 || text[end] != '\0' || days < 1 || days > WINDOW_MAX)
        return REFUSE(node, err, "expected whole days, from 1d to %dd", WINDOW_MAX);
    *ret = days;
    return 0;
}

int days_read(const DocNode *at, const char *key, int least, int *ret, Error *err) {
    DocNode node = node_member(at, key);
    const char *text = json_string_value(node.value);
    if (!node_exists(&node)) return 0;
    if (least == 0 && text != NULL && strcmp(text, "0d") == 0) {
        *ret = 0;
        return 0;
    }
    return read_window(&node, ret, err);
}

static bool has_window(const int *windows, size_t n, int days) {
    for (size_t i = 0; i < n; i++)
        if (windows[i] == days) return true;
    return false;
}

int windows_read(Pipeline *p, const DocNode *at, int **ret, size_t *ret_count, Error *err) {
    DocNode list;
    if (read_list(at, "windows", false, &list, err) != 0) return -1;
    if (list.value == NULL) return 0;
    size_t n = json_array_size(list.value);
    if (n > WINDOWS_MAX) return REFUSE(&list, err, "expected at most %d windows", WINDOWS_MAX);
    int *days = strings_array(p->strings, n + 1, sizeof *days), rc = 0;
    for (size_t i = 0; i < n; i++) {
        DocNode window = node_item(&list, i);
        if (read_window(&window, &days[i], err) != 0)
            rc = -1;
        else if (has_window(days, i, days[i]))
            rc |= REFUSE(&window, err, "duplicate window; expected each window once");
    }
    if (rc != 0) return -1;
    qsort(days, n, sizeof *days, compare_days);
    *ret = days;
    *ret_count = n;
    return 0;
}

int windows_collect(Pipeline *p, Entity *e, const DocNode *list, Error *err) {
    int *all = strings_array(p->strings, WINDOWS_MAX, sizeof *all);
    size_t n = 0;
    for (const Feature *f = e->features; f < e->features + e->feature_count; f++)
        for (size_t i = 0; i < f->window_count; i++) {
            if (has_window(all, n, f->windows[i])) continue;
            if (n == WINDOWS_MAX) return REFUSE(list, err, "expected at most %d different windows in all features together", WINDOWS_MAX);
            all[n++] = f->windows[i];
        }
    qsort(all, n, sizeof *all, compare_days);
    e->windows = all;
    e->window_count = n;
    return 0;
}
