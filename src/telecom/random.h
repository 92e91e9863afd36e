/* random.h: reproducible random numbers in integers only, so that a seed gives the same bytes with every machine and compiler.
 *
 * xoshiro256++ 1.0 and splitmix64, both public domain: David Blackman and Sebastiano Vigna, https://prng.di.unimi.it/.
 * A Random belongs to one thread. hash_of is a pure function. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct Random {
    uint64_t s[4];
} Random;

/* splitmix64's finalizer, over a counter that has stepped once. */
static inline uint64_t hash_mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* A random fact that is recomputed instead of stored, for example "was day b bad at tower a?". Each `kind` of fact has hashes of its
 * own. */
static inline uint64_t hash_of(uint64_t seed, uint64_t kind, uint64_t a, uint64_t b) {
    return hash_mix(hash_mix(hash_mix(seed ^ (kind << 56)) + a) + b);
}

static inline Random random_from(uint64_t seed) {
    Random r;
    for (int i = 0; i < 4; i++) r.s[i] = seed = hash_mix(seed);
    return r;
}

static inline uint64_t random_rotate(uint64_t x, int k) {
    return (x << k) | (x >> (64 - k));
}

static inline uint64_t random_next(Random *r) {
    uint64_t *s = r->s, result = random_rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = random_rotate(s[3], 45);
    return result;
}

/* 0 .. n-1. */
static inline uint32_t random_below(Random *r, uint32_t n) {
    return (uint32_t)(((random_next(r) >> 32) * n) >> 32);
}

/* low .. high, both included. */
static inline int random_between(Random *r, int low, int high) {
    return low + (int)random_below(r, (uint32_t)(high - low + 1));
}

/* True `permille` times in a thousand. */
static inline bool random_chance(Random *r, int permille) {
    return (int)random_below(r, 1000) < permille;
}

/* Approximately normal with mean 0 and this standard deviation; never more than 3.5 deviations from 0. */
static inline int random_bell(Random *r, int deviation) {
    uint64_t x = random_next(r);
    int64_t sum = (int64_t)((x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48)); /* deviation 65536 * sqrt(4/12) */
    return (int)((sum - 131070) * deviation / 37837);
}

/* 0 .. 1000, mostly small (the fourth power of a uniform variable; mean 200): for long tails. */
static inline int random_tail(Random *r) {
    uint64_t u = random_next(r) >> 48; /* 16 bits */
    u = u * u >> 16;
    u = u * u >> 16;
    return (int)(u * 1000 >> 16);
}
