/* Recognises Display P3 among ICC profiles (ICC.1:2022) by its colorants and its curve. */
#include <math.h>
#include <string.h>

#include "codec.h"

enum { HEADER_BYTES = 128, TAG_BYTES = 12, MAX_TAGS = 100 };

struct element {
  const uint8_t *bytes;
  size_t length;
};

static uint32_t big32(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t big16(const uint8_t *bytes) { return (uint32_t)bytes[0] << 8 | bytes[1]; }

/* s15Fixed16Number */
static double fixed(const uint8_t *bytes) { return (int32_t)big32(bytes) / 65536.0; }

/* The element of a tag, of length 0 when the profile has none. */
static struct element find(const uint8_t *profile, size_t length, const char *tag) {
  struct element none = {0};
  uint32_t count = big32(profile + HEADER_BYTES);
  for (uint32_t index = 0; index < count && index < MAX_TAGS; index++) {
    size_t at = HEADER_BYTES + 4 + TAG_BYTES * (size_t)index;
    if (at + TAG_BYTES > length) return none;
    if (memcmp(profile + at, tag, 4) != 0) continue;
    size_t offset = big32(profile + at + 4), size = big32(profile + at + 8);
    if (offset > length || size > length - offset) return none;
    return (struct element){.bytes = profile + offset, .length = size};
  }
  return none;
}

static bool has_colorant(const uint8_t *profile, size_t length, const char *tag, const double expected[3]) {
  struct element element = find(profile, length, tag);
  if (element.length < 20 || memcmp(element.bytes, "XYZ ", 4) != 0) return false;
  for (int axis = 0; axis < 3; axis++) {
    if (fabs(fixed(element.bytes + 8 + 4 * axis) - expected[axis]) > 0.002) return false;
  }
  return true;
}

/* Linear light at the middle of a curve, -1 when the element is not understood. */
static double curve_middle(struct element element) {
  if (element.length >= 12 && memcmp(element.bytes, "curv", 4) == 0) {
    size_t count = big32(element.bytes + 8);
    if (count == 0) return 0.5;
    if (count > (element.length - 12) / 2) return -1;
    const uint8_t *values = element.bytes + 12;
    if (count == 1) return pow(0.5, big16(values) / 256.0);
    double position = (double)(count - 1) / 2;
    size_t below = (size_t)position, above = (size_t)ceil(position);
    return (big16(values + 2 * below) + big16(values + 2 * above)) / (2 * 65535.0);
  }
  if (element.length >= 16 && memcmp(element.bytes, "para", 4) == 0) {
    static const size_t counts[5] = {1, 3, 4, 5, 7};
    uint32_t type = big16(element.bytes + 8);
    if (type > 4 || element.length < 12 + 4 * counts[type]) return -1;
    double p[7] = {0};
    for (size_t index = 0; index < counts[type]; index++) p[index] = fixed(element.bytes + 12 + 4 * index);
    double a = type == 0 ? 1 : p[1], b = type == 0 ? 0 : p[2];
    double added = type == 2 ? p[3] : type == 4 ? p[5] : 0;
    return pow(a * 0.5 + b, p[0]) + added; /* 0.5 lies above every linear segment in use */
  }
  return -1;
}

bool icc_is_display_p3(const uint8_t *profile, size_t length) {
  /* SMPTE EG 432-1 primaries, D65 white, adapted to D50 by Bradford as Apple's profile has them. */
  static const double red[3] = {0.51512, 0.24120, -0.00105};
  static const double green[3] = {0.29198, 0.69225, 0.04189};
  static const double blue[3] = {0.15710, 0.06657, 0.78407};
  static const double srgb_middle = 0.21404; /* linear light of sRGB 0.5, IEC 61966-2-1 */
  if (length < HEADER_BYTES + 4 || memcmp(profile + 36, "acsp", 4) != 0) return false;
  if (memcmp(profile + 16, "RGB ", 4) != 0 || memcmp(profile + 20, "XYZ ", 4) != 0) return false;
  double middle = curve_middle(find(profile, length, "rTRC"));
  return has_colorant(profile, length, "rXYZ", red) && has_colorant(profile, length, "gXYZ", green) &&
         has_colorant(profile, length, "bXYZ", blue) && fabs(middle - srgb_middle) < 0.02;
}
