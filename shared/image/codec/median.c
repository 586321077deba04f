/* 3x3 median: removes single bright or dark pixels of a noisy sensor and keeps edges. */
#include <string.h>

#include "codec.h"

/* Paeth's network: the median of nine in 19 exchanges (Graphics Gems, 1990). */
static uint8_t median_of_9(uint8_t *v) {
  static const uint8_t exchanges[19][2] = {{1, 2}, {4, 5}, {7, 8}, {0, 1}, {3, 4}, {6, 7}, {1, 2}, {4, 5}, {7, 8}, {0, 3},
                                           {5, 8}, {4, 7}, {3, 6}, {1, 4}, {2, 5}, {4, 7}, {4, 2}, {6, 4}, {4, 2}};
  for (int index = 0; index < 19; index++) {
    uint8_t *low = &v[exchanges[index][0]], *high = &v[exchanges[index][1]];
    uint8_t smaller = *low < *high ? *low : *high;
    uint8_t larger = *low < *high ? *high : *low;
    *low = smaller;
    *high = larger;
  }
  return v[4];
}

static int clamp(int value, int end) { return value < 0 ? 0 : value >= end ? end - 1 : value; }

void median3(uint8_t *pixels, int width, int columns, int rows) {
  size_t line = 3 * (size_t)columns, stride = 3 * (size_t)width;
  uint8_t *source = allocate(line * (size_t)rows);
  for (int row = 0; row < rows; row++) memcpy(source + line * (size_t)row, pixels + stride * (size_t)row, line);
  for (int row = 0; row < rows; row++) {
    for (int column = 0; column < columns; column++) {
      for (int channel = 0; channel < 3; channel++) {
        uint8_t window[9];
        for (int index = 0; index < 9; index++) {
          size_t y = (size_t)clamp(row + index / 3 - 1, rows), x = (size_t)clamp(column + index % 3 - 1, columns);
          window[index] = source[line * y + 3 * x + (size_t)channel];
        }
        pixels[stride * (size_t)row + 3 * (size_t)column + (size_t)channel] = median_of_9(window);
      }
    }
  }
}
