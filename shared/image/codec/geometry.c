/* Which part of the source becomes which part of the output. */
#include "codec.h"

static double smaller(double a, double b) { return a < b ? a : b; }
static double larger(double a, double b) { return a > b ? a : b; }

/* Output pixels that `source` pixels fill at `step`, and the step that fills them exactly. */
static int letterbox_extent(double source, double *step, int available) {
  double exact = source / *step;
  if (exact >= available) return available; /* the crop reaches into the image: no bars on this axis */
  int extent = (int)(exact + 0.5);
  if (extent < 1) extent = 1;
  *step = source / extent;
  return extent;
}

struct placement place(const struct request *request, const struct report *report) {
  bool turned = report->orientation >= 5;
  int columns = turned ? request->height : request->width;
  int rows = turned ? request->width : request->height;
  double step_x = (double)report->width / columns;
  double step_y = (double)report->height / rows;
  if (request->fit == FIT_COVER_CROP) step_x = step_y = smaller(step_x, step_y);
  if (request->fit == FIT_LETTERBOX) step_x = step_y = larger(step_x, step_y);
  step_x *= request->crop_fraction;
  step_y *= request->crop_fraction;
  if (request->fit == FIT_LETTERBOX) {
    columns = letterbox_extent(report->width, &step_x, columns);
    rows = letterbox_extent(report->height, &step_y, rows);
  }
  return (struct placement){
      .middle_x = report->width / 2.0,
      .middle_y = report->height / 2.0,
      .step_x = step_x,
      .step_y = step_y,
      .columns = columns,
      .rows = rows,
      .left = (request->width - (turned ? rows : columns)) / 2,
      .top = (request->height - (turned ? columns : rows)) / 2,
  };
}

int shrink_factor(const struct placement *placement, enum filter filter) {
  if (filter == FILTER_BILINEAR) return 1; /* its two taps are defined on the full-size pixels */
  int factor = 8;
  while (factor > 1 && (placement->step_x < factor || placement->step_y < factor)) factor /= 2;
  return factor;
}
