/* Display P3 and sRGB: the same curve and white, other primaries (IEC 61966-2-1, SMPTE EG 432-1). */
#include <math.h>

#include "codec.h"

static const double P3_TO_SRGB[9] = {1.2249401762805598,   -0.2249401762805598,  0, /* to red */
                                     -0.0420569547096881,  1.0420569547096881,   0, /* to green */
                                     -0.0196375545903344,  -0.0786360455506319,  1.0982736001409663};
static const double SRGB_TO_P3[9] = {0.8224619687143623,  0.1775380312856377, 0, /* to red */
                                     0.0331941988509188,  0.9668058011490812, 0, /* to green */
                                     0.0170826307211201,  0.0723974407362397, 0.9105199285426402};

struct curve {
  double linear[256];     /* light of each byte */
  double boundaries[256]; /* [n]: the least light that is encoded as n or more */
};

static double to_linear(double encoded) {
  return encoded <= 0.04045 ? encoded / 12.92 : pow((encoded + 0.055) / 1.055, 2.4);
}

static void make_curve(struct curve *curve) {
  for (int byte = 0; byte < 256; byte++) {
    curve->linear[byte] = to_linear(byte / 255.0);
    curve->boundaries[byte] = byte == 0 ? -1e9 : to_linear((byte - 0.5) / 255.0);
  }
}

/* The nearest byte, by bisection; light outside 0..1 is clipped. */
static uint8_t encode(const struct curve *curve, double light) {
  int byte = 0;
  for (int half = 128; half > 0; half /= 2) {
    if (light >= curve->boundaries[byte + half]) byte += half;
  }
  return (uint8_t)byte;
}

static void convert(const struct curve *curve, const double matrix[9], const uint8_t *from, uint8_t *to) {
  double red = curve->linear[from[0]], green = curve->linear[from[1]], blue = curve->linear[from[2]];
  for (int channel = 0; channel < 3; channel++) {
    const double *row = matrix + 3 * channel;
    to[channel] = encode(curve, row[0] * red + row[1] * green + row[2] * blue);
  }
}

void p3_background(const uint8_t srgb[3], uint8_t p3[3]) {
  struct curve curve;
  make_curve(&curve);
  convert(&curve, SRGB_TO_P3, srgb, p3);
}

void p3_to_srgb(uint8_t *pixels, int width, int columns, int rows) {
  struct curve curve;
  make_curve(&curve);
  for (int row = 0; row < rows; row++) {
    uint8_t *pixel = pixels + 3 * (ptrdiff_t)row * width;
    for (int column = 0; column < columns; column++, pixel += 3) {
      uint8_t converted[3];
      convert(&curve, P3_TO_SRGB, pixel, converted);
      for (int channel = 0; channel < 3; channel++) pixel[channel] = converted[channel];
    }
  }
}
