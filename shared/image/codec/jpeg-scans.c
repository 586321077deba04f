/* A survey of a multi-scan JPEG's markers (ITU-T T.81, annex B) before anything is decoded. */
#include <string.h>

#include "jpeg.h"

enum { MARKER_SOI = 0xd8, MARKER_EOI = 0xd9, MARKER_SOS = 0xda, RST0 = 0xd0, RST7 = 0xd7 };

struct walk {
  const struct jpeg_decompress_struct *jpeg;
  uint8_t *bytes;
  size_t length, read, written;
  bool drop, keep;
  /* Bits still missing of each coefficient, -1 when it never came. */
  int8_t missing[MAX_COMPONENTS][DCTSIZE2];
};

static void copy(struct walk *walk, size_t from, size_t end) {
  if (walk->written != from) memmove(walk->bytes + walk->written, walk->bytes + from, end - from);
  walk->written += end - from;
}

/* Moves to the next marker; whether there is one. Entropy-coded data has FF00 and RSTn inside. */
static bool skip_entropy_data(struct walk *walk) {
  for (;;) {
    const uint8_t *found = memchr(walk->bytes + walk->read, 0xff, walk->length - walk->read);
    walk->read = found ? (size_t)(found - walk->bytes) : walk->length;
    if (walk->length - walk->read < 2) {
      walk->read = walk->length;
      return false;
    }
    uint8_t code = walk->bytes[walk->read + 1];
    if (code == 0xff) {
      walk->read++;
    } else if (code == 0 || (code >= RST0 && code <= RST7)) {
      walk->read += 2;
    } else {
      return true;
    }
  }
}

static void mark(struct walk *walk, int component, int from, int to, int missing) {
  if (component < 0 || component >= MAX_COMPONENTS || from < 0 || to >= DCTSIZE2) return;
  for (int index = from; index <= to; index++) walk->missing[component][index] = (int8_t)missing;
}

/* Notes what a scan brings; whether its data may be dropped. `header` starts with the number of components. */
static bool is_unneeded_scan(struct walk *walk, const uint8_t *header, size_t length) {
  unsigned components = header[0];
  if (length < 1 + 2 * (size_t)components + 3) return false;
  const uint8_t *spectral = header + 1 + 2 * components;
  bool unneeded = false;
  for (unsigned index = 0; index < components; index++) {
    for (int component = 0; component < walk->jpeg->num_components; component++) {
      const jpeg_component_info *info = &walk->jpeg->comp_info[component];
      if (info->component_id != header[1 + 2 * index]) continue;
      mark(walk, component, spectral[0], spectral[1], spectral[2] & 15);
      unneeded = walk->drop && components == 1 && spectral[0] > 0 && info->DCT_scaled_size == 1;
    }
  }
  return unneeded;
}

static bool is_complete(const struct walk *walk) {
  for (int component = 0; component < walk->jpeg->num_components; component++) {
    for (int index = 0; index < DCTSIZE2; index++) {
      if (walk->missing[component][index] != 0) return false;
    }
  }
  return true;
}

/* Moves over the segments before the next scan's data; false at the end of the image or of the bytes. */
static bool skip_segments(struct walk *walk, struct survey *survey) {
  for (;;) {
    size_t at = walk->read, left = walk->length - at;
    uint8_t code = walk->bytes[at + 1];
    if (code == MARKER_EOI || code == MARKER_SOI) {
      survey->ended = true;
      copy(walk, at, at + 2);
      return false;
    }
    size_t length = left >= 4 ? 2 + ((size_t)walk->bytes[at + 2] << 8 | walk->bytes[at + 3]) : 0;
    if (length < 4 || length > left) return false;
    walk->read += length;
    if (code == MARKER_SOS) {
      if (++survey->scans > MAX_SCANS) fail(FAIL_SCANS);
      walk->keep = length < 5 || !is_unneeded_scan(walk, walk->bytes + at + 4, length - 4);
      if (walk->keep) copy(walk, at, at + length);
      return true;
    }
    copy(walk, at, at + length);
    if (!skip_entropy_data(walk)) return false; /* stray bytes between segments */
  }
}

struct survey survey_scans(const struct jpeg_decompress_struct *jpeg, uint8_t *bytes, size_t *length, bool drop) {
  static struct walk walk;
  walk = (struct walk){.jpeg = jpeg, .bytes = bytes, .length = *length, .drop = drop, .keep = true};
  memset(walk.missing, -1, sizeof walk.missing);
  for (int index = 0; index < jpeg->comps_in_scan; index++) {
    mark(&walk, jpeg->cur_comp_info[index]->component_index, jpeg->Ss, jpeg->Se, jpeg->Al);
  }
  struct survey survey = {.scans = 1};
  for (;;) {
    size_t data = walk.read;
    bool more = skip_entropy_data(&walk);
    if (walk.keep) copy(&walk, data, walk.read);
    if (!more || !skip_segments(&walk, &survey)) break;
  }
  survey.complete = is_complete(&walk);
  *length = walk.written;
  return survey;
}
