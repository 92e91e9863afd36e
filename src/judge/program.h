/* program.h: what contracts become: a tree of values, each with its type, its tests and its column. Internal to the judge; read-only once
 * made. */
#pragma once
#include "judge/judge.h"
#include "judge/names.h"
#include "judge/pattern.h"

typedef enum TestKind {
    TEST_RANGE,   /* least <= value <= most: an integer or decimal in units of its last digit, a day, a time in microseconds */
    TEST_AMONG,   /* the same kind of value is one of `numbers` */
    TEST_LIMIT,   /* a number of any size against a limit of the check */
    TEST_ONE_OF,  /* a number of any size is one of the check's values */
    TEST_LENGTH,  /* least <= characters <= most */
    TEST_TEXTS,   /* a text is one of `texts` */
    TEST_PRESENT, /* there is a value: only for counting */
    TEST_PATTERN, /* a text matches */
    TEST_AHEAD,   /* a time is at most `most` after the message's */
    TEST_STEPS,   /* an integer or decimal, times `most`, is a multiple of `least` */
    TEST_FORMAT,  /* a text is of the check's format */
    TEST_COUNT,   /* of an array or object: least <= elements or members <= most */
    TEST_UNIQUE,  /* of an array: no element is there twice */
    TEST_MEMBER,  /* of an object: it has a member that its properties do not name */
    TEST_ZONE,    /* a time's text has an offset (least 1), or none (0) */
} TestKind;

typedef struct Test {
    TestKind kind;
    const char *rule; /* of the pipeline */
    char *reason;     /* owned */
    const Check *check;
    bool none;      /* TEST_AMONG, TEST_ONE_OF, TEST_TEXTS: the value is none of them */
    size_t counted; /* 0: a value that does not pass is a violation; n: it is counted for measures[n - 1] of its contract */
    int64_t least, most;
    int64_t *numbers; /* owned; ascending */
    Names texts;
    Span *text_list; /* owned: what `texts` looks at */
    size_t count;    /* of numbers, of text_list */
    Pattern *pattern;
} Test;

typedef struct Node Node;

/* The members that an object must have, in the order of the contract. */
typedef struct Members {
    Node *nodes;
    size_t count;
    Names names;
    Span *name_list; /* owned: what `names` looks at */
} Members;

/* A value that the contract names. */
struct Node {
    Span name; /* in its object; "" for an element */
    const char *sql_type, *column_name;
    ValueType type;
    TimeForm time_form;
    int zone_s;
    bool array, required;
    const char *required_rule;
    int scale;
    bool any_size;       /* a number without a width: judged by its digits, has no column */
    int64_t least, most; /* of its type, in units of its last digit */
    int column;          /* index into judge_columns; -1: none */
    JudgeStore store;
    Test *tests;
    size_t test_count;
    bool counts_absent; /* one of the tests is TEST_PRESENT */
    Members members;    /* of an object; count 0: anything */
    Node *items;        /* of an array; NULL: anything */
};

typedef struct ContractProgram {
    const Contract *contract;
    Span type, topic;                    /* topic absent: of any */
    struct ContractProgram *other_topic; /* the next one of this event type; NULL: none */
    Node entity, timestamp, quality;     /* entity, quality: without a name when the contract does not list them */
    Members payload;
    size_t first_measure;
} ContractProgram;

struct JudgeProgram {
    ContractProgram *contracts;
    size_t contract_count;
    Names types;
    Span *type_list;                  /* owned: what `types` looks at */
    ContractProgram **type_contracts; /* owned: the first contract of each */
    JudgeColumn *columns;
    size_t column_count;
    JudgeMeasure *measures; /* owned: of all contracts */
    size_t measure_count;
    size_t slots; /* members that are looked at at the same time: of an object and those around it */
};
