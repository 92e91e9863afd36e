/* interrupt.c: one thread ends the queries of others.
 *
 * Invariant: a connection is on the lake's list as long as it may be interrupted; it is off the list before it is disconnected. */
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
