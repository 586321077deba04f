/* Baseline or progressive JPEG from RGB, for drawn data sets and for tests; the Worker has no encoder. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "jpeglib.h"

enum { FAIL_ENCODER = 1 };

void arena_reset(void);

static unsigned char *encoded;
static unsigned long encoded_bytes;

static void on_error(j_common_ptr common) { host_fail(common->err->msg_code ? common->err->msg_code : FAIL_ENCODER); }

static void ignore_message(j_common_ptr common, int level) {
  (void)common;
  (void)level;
}

static void ignore_common(j_common_ptr common) { (void)common; }

/* In place of libjpeg's jerror.c with its messages. */
struct jpeg_error_mgr *jpeg_std_error(struct jpeg_error_mgr *errors) {
  memset(errors, 0, sizeof *errors);
  errors->error_exit = on_error;
  errors->emit_message = ignore_message;
  errors->output_message = ignore_common;
  errors->reset_error_mgr = ignore_common;
  return errors;
}

/* Starts a call: forgets everything, gives room for the RGB pixels. */
EXPORT(begin)
uint8_t *begin(uint32_t bytes) {
  arena_reset();
  uint8_t *pixels = malloc(bytes);
  if (!pixels) host_fail(FAIL_ENCODER);
  return pixels;
}

/* Encodes the pixels that lie where begin() said; returns the JPEG, of length() bytes. */
EXPORT(encode)
const uint8_t *encode(const uint8_t *pixels, int width, int height, int quality, int subsample, int progressive,
                      int restart_rows) {
  struct jpeg_error_mgr errors;
  struct jpeg_compress_struct jpeg;
  memset(&jpeg, 0, sizeof jpeg);
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  encoded = NULL;
  encoded_bytes = 0;
  jpeg_mem_dest(&jpeg, &encoded, &encoded_bytes);
  jpeg.image_width = (JDIMENSION)width;
  jpeg.image_height = (JDIMENSION)height;
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.optimize_coding = TRUE;
  jpeg.restart_in_rows = restart_rows;
  jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = subsample ? 2 : 1;
  if (progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    JSAMPROW row = (JSAMPROW)pixels + 3 * (size_t)width * jpeg.next_scanline;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  return encoded;
}

EXPORT(length)
uint32_t length(void) {
  return (uint32_t)encoded_bytes;
}
