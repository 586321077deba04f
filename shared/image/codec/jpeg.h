/* What jpeg.c and jpeg-scans.c share. */
#ifndef EDGEWISE_JPEG_H
#define EDGEWISE_JPEG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "codec.h"
#include "jpeglib.h"

/* What a walk over the markers after the first scan header found. */
struct survey {
  unsigned scans;
  bool ended;    /* an EOI marker came */
  bool complete; /* every coefficient of every component was sent at full precision */
};

/*
 * Walks the `*length` bytes after the first scan header, without decoding. With `drop`, takes out the AC scans of
 * components that are rebuilt from their DC coefficient alone, and shortens `*length`: the pixels stay the same.
 * Fails with FAIL_SCANS beyond MAX_SCANS.
 */
struct survey survey_scans(const struct jpeg_decompress_struct *jpeg, uint8_t *bytes, size_t *length, bool drop);

#endif
