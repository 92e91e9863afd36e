/* bloom.c: see bloom.h. A Bloom filter whose bits of one hash are all in one block, so that a look is one cache line: F. Putze, P. Sanders,
 * J. Singler: Cache-, Hash- and Space-Efficient Bloom Filters (WEA 2007). A block is eight words, and a hash has one bit in each of them.
 *
 * Bits cannot be moved into a larger filter. So a full one stays as it is, and one of the same size as all before it is begun: a look asks
 * each of them, of which there are few.
 *
 * Invariant: a hash is in the part that was the last one when it was added; no part has more than its room. */
#include "ingest/bloom.h"

enum { WORDS = 8, BYTES_EACH = 2, PARTS_MAX = 32, ROOM_MIN = 1 << 14 };

typedef struct Block {
    uint32_t words[WORDS];
} Block;

typedef struct Part {
    Block *blocks; /* owned */
    size_t size;
    size_t room; /* for so many more */
} Part;

struct Bloom {
    Part parts[PARTS_MAX];
    size_t count;
    size_t room, most; /* of all parts; what it may become */
};

/* Every bit of the result depends on every bit of the hash (the last step of MurmurHash3): so hashes of any kind do. */
static uint64_t mix(uint64_t h) {
    h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ (h >> 33);
}

/* The upper half chooses the block, the lower one the bits, each by another odd number. */
static Block bits_of(uint64_t mixed) {
    static const uint32_t odd[WORDS] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};
    Block bits;
    for (size_t i = 0; i < WORDS; i++) bits.words[i] = UINT32_C(1) << (((uint32_t)mixed * odd[i]) >> 27);
    return bits;
}

static Block *block_of(const Part *part, uint64_t mixed) {
    return &part->blocks[((mixed >> 32) * part->size) >> 32];
}

static bool begin_part(Bloom *b, size_t room) {
    size_t left = b->most - b->room;
    if (room > left) room = left;
    if (b->count == PARTS_MAX || room < ROOM_MIN) return false;
    size_t size = room * BYTES_EACH / sizeof(Block);
    b->parts[b->count++] = (Part){.blocks = xcalloc(size, sizeof(Block)), .size = size, .room = room};
    b->room += room;
    return true;
}

Bloom *bloom_new(size_t expected, size_t most) {
    Bloom *b = xcalloc(1, sizeof *b);
    b->most = most;
    (void)begin_part(b, expected > ROOM_MIN ? expected : ROOM_MIN);
    return b;
}

void bloom_free(Bloom *b) {
    for (size_t i = 0; i < b->count; i++) free(b->parts[i].blocks);
    free(b);
}

bool bloom_add(Bloom *b, uint64_t hash) {
    uint64_t mixed = mix(hash);
    if (b->count == 0) return false;
    if (b->parts[b->count - 1].room == 0 && !begin_part(b, b->room)) return false;
    Part *last = &b->parts[b->count - 1];
    Block bits = bits_of(mixed), *block = block_of(last, mixed);
    for (size_t i = 0; i < WORDS; i++) block->words[i] |= bits.words[i];
    last->room--;
    return true;
}

static bool part_may_have(const Part *part, uint64_t mixed) {
    const Block bits = bits_of(mixed), *block = block_of(part, mixed);
    uint32_t missing = 0;
    for (size_t i = 0; i < WORDS; i++) missing |= bits.words[i] & ~block->words[i];
    return missing == 0;
}

bool bloom_may_have(const Bloom *b, uint64_t hash) {
    uint64_t mixed = mix(hash);
    for (size_t i = 0; i < b->count; i++)
        if (part_may_have(&b->parts[i], mixed)) return true;
    return false;
}
