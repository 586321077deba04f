/*
 * malloc for one call at a time: memory is handed out upwards and taken back as a whole by
 * arena_reset(), so that a call that was left through fail() cannot leave anything behind.
 * free() and realloc() give room back only at the top.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "host.h"

void arena_reset(void);
size_t arena_bytes(void);

#ifndef ARENA_LIMIT
#define ARENA_LIMIT (40u << 20)
#endif

enum { PAGE = 65536, HEADER = 16 };

extern unsigned char __heap_base;
static size_t top, highest;

static size_t base(void) { return ((size_t)&__heap_base + 63) & ~(size_t)63; }

void arena_reset(void) { top = highest = base(); }

size_t arena_bytes(void) { return highest - base(); }

static size_t *size_of(void *block) { return (size_t *)((size_t)block - HEADER); }

void *malloc(size_t bytes) {
  if (top == 0) arena_reset();
  if (bytes > ARENA_LIMIT) return NULL;
  size_t room = HEADER + ((bytes + 15) & ~(size_t)15);
  if (top - base() + room > ARENA_LIMIT) return NULL;
  size_t have = __builtin_wasm_memory_size(0) * (size_t)PAGE;
  if (top + room > have) {
    size_t pages = (top + room - have + PAGE - 1) / PAGE;
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
  }
  void *block = (void *)(top + HEADER);
  *size_of(block) = room - HEADER;
  top += room;
  if (top > highest) highest = top;
  return block;
}

static int is_last(void *block) { return (size_t)block + *size_of(block) == top; }

void free(void *block) {
  if (block && is_last(block)) top = (size_t)block - HEADER;
}

void *calloc(size_t count, size_t size) {
  uint64_t bytes = (uint64_t)count * size;
  if (bytes > ARENA_LIMIT) return NULL;
  void *block = malloc((size_t)bytes);
  return block ? memset(block, 0, (size_t)bytes) : NULL;
}

void *realloc(void *block, size_t bytes) {
  if (!block) return malloc(bytes);
  size_t had = *size_of(block);
  if (bytes <= had) return block;
  if (is_last(block)) {
    size_t before = top;
    top = (size_t)block - HEADER;
    void *grown = malloc(bytes); /* in the same place */
    if (!grown) top = before;
    return grown;
  }
  void *moved = malloc(bytes);
  return moved ? memcpy(moved, block, had) : NULL;
}

_Noreturn void abort(void) { host_fail(7); }
