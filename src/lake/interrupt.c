/* interrupt.c: ending what runs from another thread. A connection is on the list as long as it may be interrupted. */
#include "lake/internal.h"

void lake_conns_add(LakeConn *conn) {
    pthread_mutex_lock(&conn->lake->conns_lock);
    conn->next = conn->lake->conns;
    conn->lake->conns = conn;
    pthread_mutex_unlock(&conn->lake->conns_lock);
}

void lake_conns_remove(LakeConn *conn) {
    pthread_mutex_lock(&conn->lake->conns_lock);
    for (LakeConn **at = &conn->lake->conns; *at != NULL; at = &(*at)->next) {
        if (*at != conn) continue;
        *at = conn->next;
        break;
    }
    pthread_mutex_unlock(&conn->lake->conns_lock);
}

void lake_interrupt(LakeConn *conn) {
    duckdb.interrupt(conn->con);
}

void lake_interrupt_all(Lake *lake) {
    pthread_mutex_lock(&lake->conns_lock);
    for (LakeConn *conn = lake->conns; conn != NULL; conn = conn->next) duckdb.interrupt(conn->con);
    pthread_mutex_unlock(&lake->conns_lock);
}
