/*
 * The native build's arena: every block is the system's own, so that AddressSanitizer sees each one's bounds and
 * its end, and all are given back at the reset. The limit is the module's.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 64 << 20, MAX_BLOCKS = 1 << 16 };

struct block {
  void *memory;
  size_t bytes;
};

static struct block blocks[MAX_BLOCKS];
static size_t block_count, used, highest;

void arena_reset(void) {
  for (size_t index = 0; index < block_count; index++) free(blocks[index].memory);
  block_count = used = highest = 0;
}

size_t arena_bytes(void) { return highest; }

void *arena_malloc(size_t bytes) {
  if (bytes > LIMIT || used + bytes > LIMIT || block_count == MAX_BLOCKS) return NULL;
  void *memory = malloc(bytes);
  if (!memory) return NULL;
  memset(memory, 0xa5, bytes); /* what reads it before it is written is found by other pixels */
  blocks[block_count++] = (struct block){.memory = memory, .bytes = bytes};
  used += bytes;
  if (used > highest) highest = used;
  return memory;
}

static struct block *find(const void *memory) {
  for (size_t index = block_count; index-- > 0;) {
    if (blocks[index].memory == memory) return &blocks[index];
  }
  abort(); /* freed twice, or not ours */
}

void arena_free(void *memory) {
  if (!memory) return;
  struct block *block = find(memory);
  used -= block->bytes;
  free(memory);
  *block = blocks[--block_count];
}

void *arena_calloc(size_t count, size_t size) {
  if (size && count > LIMIT / size) return NULL;
  void *memory = arena_malloc(count * size);
  return memory ? memset(memory, 0, count * size) : NULL;
}

void *arena_realloc(void *memory, size_t bytes) {
  if (!memory) return arena_malloc(bytes);
  size_t had = find(memory)->bytes;
  void *moved = arena_malloc(bytes);
  if (!moved) return NULL;
  memcpy(moved, memory, had < bytes ? had : bytes);
  arena_free(memory);
  return moved;
}
