/*
 * Resampling as the rows come: a horizontal pass per source row, vertical sums per output row.
 *
 * Weights are whole numbers that add up to at most 65,536, so a horizontal sum is a whole number
 * below 2^24, exact in a float, and a vertical one below 2^40, exact in a double. Exact sums do not
 * depend on the order of their terms: a mirrored or turned source gives mirrored or turned pixels.
 * Dividing by the weights' own total keeps a constant image constant.
 */
#include "codec.h"

#include <math.h>
#include <string.h>

typedef float float4 __attribute__((vector_size(16)));
typedef uint8_t byte4 __attribute__((vector_size(4)));

static const double FULL_WEIGHT = 65536;

static double triangle(double distance, double support) {
  double weight = 1 - fabs(distance) / support;
  return weight > 0 ? weight : 0;
}

/*
 * The taps of one axis: `outputs` of them, `step` apart around `middle`, in pixels of a source of `size`.
 * A support of one pixel is 2-tap half-pixel bilinear; on shrinking, the triangle widens with the step (antialiasing).
 */
static struct tap *make_taps(double middle, double step, int size, int outputs, enum filter filter) {
  double support = filter == FILTER_TRIANGLE && step > 1 ? step : 1;
  struct tap *taps = allocate(sizeof(struct tap) * (size_t)outputs);
  for (int output = 0; output < outputs; output++) {
    double offset = (output + 0.5 - outputs / 2.0) * step; /* exactly opposite for the mirrored output */
    int first = (int)floor(middle + offset - support);
    int end = (int)ceil(middle + offset + support) + 1;
    if (first < 0) first = 0;
    if (first > size - 1) first = size - 1;
    if (end > size) end = size;
    if (end <= first) end = first + 1;
    while (first < end - 1 && triangle(first + 0.5 - middle - offset, support) <= 0) first++;
    while (end > first + 1 && triangle(end - 0.5 - middle - offset, support) <= 0) end--;
    int count = end - first;
    float *weights = allocate(sizeof(float) * (size_t)count);
    double sum = 0;
    for (int tap = 0; tap < count; tap++) sum += triangle(first + tap + 0.5 - middle - offset, support);
    if (sum <= 0) fail(FAIL_ARGUMENT); /* the middle of a window lies within the source */
    double unit = (FULL_WEIGHT - count) / sum; /* each weight may be rounded up by a half */
    double total = 0;
    for (int tap = 0; tap < count; tap++) {
      double weight = floor(triangle(first + tap + 0.5 - middle - offset, support) * unit + 0.5);
      weights[tap] = (float)weight;
      total += weight;
    }
    taps[output] = (struct tap){.first = first, .count = count, .weights = weights, .total = total};
  }
  return taps;
}

/* How many output rows any source row takes part in, at most. */
static int count_slots(const struct tap *taps, int outputs) {
  int most = 1;
  for (int from = 0, to = 0; from < outputs; from++) {
    while (to < outputs && taps[to].first < taps[from].first + taps[from].count) to++;
    if (to - from > most) most = to - from;
  }
  return most;
}

/* Where stored pixel (0, 0) lands in the output, and the way to its neighbours (EXIF orientation, TIFF tag 274). */
static void orient(struct painter *painter) {
  const struct placement *placement = &painter->placement;
  ptrdiff_t right = 3, down = 3 * (ptrdiff_t)painter->job->request.width;
  ptrdiff_t last_column = placement->columns - 1, last_row = placement->rows - 1;
  uint8_t *corner = painter->job->pixels + placement->top * down + placement->left * right;
  uint32_t orientation = painter->job->report->orientation;
  bool turned = orientation >= 5;
  bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  painter->x_stride = turned ? down : right;
  painter->y_stride = turned ? right : down;
  if (mirror_x) {
    corner += last_column * painter->x_stride;
    painter->x_stride = -painter->x_stride;
  }
  if (mirror_y) {
    corner += last_row * painter->y_stride;
    painter->y_stride = -painter->y_stride;
  }
  painter->origin = corner;
}

void painter_open(struct painter *painter, struct job *job, int width, int height, double scale_x, double scale_y) {
  memset(painter, 0, sizeof *painter);
  struct placement placement = place(&job->request, job->report);
  painter->job = job;
  painter->placement = placement;
  painter->columns = placement.columns;
  painter->rows = placement.rows;
  job->report->decoded_width = (uint32_t)width;
  job->report->decoded_height = (uint32_t)height;
  enum filter filter = job->request.filter;
  painter->x_taps =
      make_taps(placement.middle_x * scale_x, placement.step_x * scale_x, width, placement.columns, filter);
  painter->y_taps =
      make_taps(placement.middle_y * scale_y, placement.step_y * scale_y, height, placement.rows, filter);
  painter->slots = count_slots(painter->y_taps, placement.rows);
  size_t lanes = 4 * (size_t)placement.columns;
  painter->line = allocate(sizeof(float) * lanes);
  painter->sums = allocate(sizeof(double) * lanes * (size_t)painter->slots);
  memset(painter->sums, 0, sizeof(double) * lanes * (size_t)painter->slots);
  orient(painter);
}

static void resample_line(const struct painter *painter, const uint8_t *rgbx) {
  for (int column = 0; column < painter->columns; column++) {
    const struct tap *tap = &painter->x_taps[column];
    const uint8_t *pixel = rgbx + 4 * (size_t)tap->first;
    const float *weights = tap->weights;
    float4 sum = {0, 0, 0, 0};
    for (int index = 0; index < tap->count; index++) {
      byte4 bytes;
      memcpy(&bytes, pixel + 4 * (size_t)index, 4);
      sum += __builtin_convertvector(bytes, float4) * weights[index];
    }
    memcpy(painter->line + 4 * (size_t)column, &sum, sizeof sum);
  }
}

static void finish_row(struct painter *painter, double *sums) {
  const double *sum = sums;
  double y_total = painter->y_taps[painter->next_row].total;
  uint8_t *pixel = painter->origin + painter->next_row * painter->y_stride;
  for (int column = 0; column < painter->columns; column++, sum += 4, pixel += painter->x_stride) {
    double share = 1 / (painter->x_taps[column].total * y_total);
    for (int channel = 0; channel < 3; channel++) pixel[channel] = (uint8_t)(sum[channel] * share + 0.5);
  }
  memset(sums, 0, sizeof(double) * 4 * (size_t)painter->columns);
  painter->next_row++;
}

void painter_push(struct painter *painter, const uint8_t *rgbx) {
  int y = painter->source_y++;
  if (painter->next_row >= painter->rows || painter->y_taps[painter->next_row].first > y) return;
  resample_line(painter, rgbx);
  size_t lanes = 4 * (size_t)painter->columns;
  const float *line = painter->line;
  for (int row = painter->next_row; row < painter->rows; row++) {
    const struct tap *tap = &painter->y_taps[row];
    if (tap->first > y) break;
    double *sums = painter->sums + lanes * (size_t)(row % painter->slots);
    double weight = tap->weights[y - tap->first];
    for (size_t lane = 0; lane < lanes; lane++) sums[lane] += (double)line[lane] * weight;
    if (tap->first + tap->count - 1 == y) finish_row(painter, sums);
  }
}

void painter_close(struct painter *painter) {
  if (painter->next_row != painter->rows) fail(FAIL_TRUNCATED);
  const struct job *job = painter->job;
  bool turned = job->report->orientation >= 5;
  int columns = turned ? painter->rows : painter->columns;
  int rows = turned ? painter->columns : painter->rows;
  int width = job->request.width;
  uint8_t *corner = job->pixels + 3 * ((ptrdiff_t)painter->placement.top * width + painter->placement.left);
  if (job->report->display_p3) p3_to_srgb(corner, width, columns, rows);
  if (job->request.denoise == DENOISE_MEDIAN3) median3(corner, width, columns, rows);
}
