/* Given to every C file of the native build: the libraries' memory comes from native/arena.c. */
#include <stdlib.h>

void *arena_malloc(size_t bytes);
void *arena_calloc(size_t count, size_t size);
void *arena_realloc(void *block, size_t bytes);
void arena_free(void *block);

#define malloc arena_malloc
#define calloc arena_calloc
#define realloc arena_realloc
#define free arena_free
