/* JPEG by libjpeg-turbo: baseline and progressive, Huffman and arithmetic, 8 bits, grey, YCbCr, RGB, CMYK, YCCK. */
#include "jpeg.h"

#include <string.h>

#include "jerror.h"

enum { MARKER_EOI = 0xd9 };

struct decoder {
  struct jpeg_decompress_struct jpeg; /* first: libjpeg's callbacks get a pointer to it */
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct job *job;
  bool exhausted; /* the bytes ended and an EOI was made up */
  bool has_exif;
};

static struct decoder *decoder_of(void *jpeg) { return jpeg; }

/* --- errors --- */

static enum failure failure_of(const struct decoder *decoder) {
  switch (decoder->errors.msg_code) {
    case JERR_OUT_OF_MEMORY:
      return FAIL_MEMORY;
    case JERR_IMAGE_TOO_BIG:
      return FAIL_SIDE;
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_COMPONENT_COUNT:
      return FAIL_UNSUPPORTED;
    default:
      return decoder->exhausted ? FAIL_TRUNCATED : FAIL_CORRUPT;
  }
}

static void on_error(j_common_ptr common) {
  struct decoder *decoder = decoder_of(common);
  decoder->job->report->library_code = (uint32_t)decoder->errors.msg_code;
  fail(failure_of(decoder));
}

static void on_message(j_common_ptr common, int level) {
  if (level >= 0) return; /* a trace */
  struct decoder *decoder = decoder_of(common);
  struct report *report = decoder->job->report;
  report->library_code = (uint32_t)decoder->errors.msg_code;
  /* A scan that meets the end of the image has no more bits for its last blocks: the file was cut short. */
  bool cut = decoder->errors.msg_code == JWRN_HIT_MARKER && decoder->jpeg.unread_marker == MARKER_EOI;
  if (cut || decoder->errors.msg_code == JWRN_JPEG_EOF) fail(FAIL_TRUNCATED);
  if (++report->warnings > MAX_WARNINGS) fail(FAIL_CORRUPT);
}

static void ignore_common(j_common_ptr common) { (void)common; }

static void format_nothing(j_common_ptr common, char *buffer) {
  (void)common;
  buffer[0] = 0;
}

/* In place of libjpeg's jerror.c with its messages; jpeg_create_decompress() expects nothing more. */
struct jpeg_error_mgr *jpeg_std_error(struct jpeg_error_mgr *errors) {
  memset(errors, 0, sizeof *errors);
  errors->error_exit = on_error;
  errors->emit_message = on_message;
  errors->output_message = ignore_common;
  errors->format_message = format_nothing;
  errors->reset_error_mgr = ignore_common;
  return errors;
}

/* --- the bytes, all in memory --- */

static void ignore_source(j_decompress_ptr jpeg) { (void)jpeg; }

static boolean fill_source(j_decompress_ptr jpeg) {
  static const JOCTET end[2] = {0xff, MARKER_EOI};
  decoder_of(jpeg)->exhausted = true;
  jpeg->src->next_input_byte = end;
  jpeg->src->bytes_in_buffer = sizeof end;
  return TRUE;
}

static void skip_source(j_decompress_ptr jpeg, long count) {
  if (count <= 0) return;
  struct jpeg_source_mgr *source = jpeg->src;
  size_t skipped = (size_t)count < source->bytes_in_buffer ? (size_t)count : source->bytes_in_buffer;
  source->next_input_byte += skipped;
  source->bytes_in_buffer -= skipped;
}

/* --- APP1 (EXIF) and APP2 (ICC): looked at where they lie, nothing is copied --- */

static boolean read_marker(j_decompress_ptr jpeg) {
  struct decoder *decoder = decoder_of(jpeg);
  struct report *report = decoder->job->report;
  struct jpeg_source_mgr *source = jpeg->src;
  const uint8_t *bytes = source->next_input_byte;
  size_t length = source->bytes_in_buffer < 2 ? 0 : (size_t)bytes[0] << 8 | bytes[1];
  if (length < 2 || length > source->bytes_in_buffer) {
    fail(length < 2 && source->bytes_in_buffer >= 2 ? FAIL_CORRUPT : FAIL_TRUNCATED);
  }
  source->next_input_byte += length;
  source->bytes_in_buffer -= length;
  const uint8_t *body = bytes + 2;
  size_t size = length - 2;
  if (jpeg->unread_marker == JPEG_APP0 + 1 && !decoder->has_exif && size > 6 && memcmp(body, "Exif\0\0", 6) == 0) {
    decoder->has_exif = true;
    report->orientation = exif_orientation(body, size);
  }
  /* A profile of one chunk (number 1 of 1); Display P3 profiles are half a kilobyte. */
  if (jpeg->unread_marker == JPEG_APP0 + 2 && size > 14 && memcmp(body, "ICC_PROFILE\0\1\1", 14) == 0) {
    report->display_p3 = icc_is_display_p3(body + 14, size - 14);
  }
  return TRUE;
}

/* --- decoding --- */

#ifndef DROP_SCANS
#define DROP_SCANS true /* build.sh --plain decodes them all, to compare with */
#endif

/* A component of which the library keeps DC coefficients alone; see patches/libjpeg-turbo-3-dc-only.patch. */
static bool is_dc_only(const struct jpeg_decompress_struct *jpeg, const jpeg_component_info *info) {
  return jpeg->progressive_mode && info->DCT_scaled_size == 1;
}

static void check_coefficients(struct decoder *decoder) {
  struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
  jpeg_calc_output_dimensions(jpeg);
  uint64_t decoded = 0, kept = 0;
  for (int component = 0; component < jpeg->num_components; component++) {
    const jpeg_component_info *info = &jpeg->comp_info[component];
    uint64_t columns = (info->width_in_blocks + info->h_samp_factor - 1) / info->h_samp_factor * info->h_samp_factor;
    uint64_t rows = (info->height_in_blocks + info->v_samp_factor - 1) / info->v_samp_factor * info->v_samp_factor;
    uint64_t bytes = columns * rows * sizeof(JBLOCK);
    decoded += bytes;
    kept += is_dc_only(jpeg, info) ? bytes / DCTSIZE2 : bytes;
  }
  if (kept > MAX_COEFFICIENT_BYTES) fail(FAIL_COEFFICIENTS);

  bool drop = DROP_SCANS && jpeg->progressive_mode && jpeg->scale_num == 1;
  struct survey survey =
      survey_scans(jpeg, (uint8_t *)decoder->source.next_input_byte, &decoder->source.bytes_in_buffer, drop);
  decoder->job->report->scans = survey.scans;
  if (survey.scans * decoded > MAX_SCAN_BYTES) fail(FAIL_SCANS);
  if (!survey.ended && !survey.complete) fail(FAIL_TRUNCATED);
}

/* CMYK without its profile: each ink takes away its share. Adobe's files hold the inverse of the ink. */
static void cmyk_to_rgb(uint8_t *pixel, size_t count, bool inverted) {
  for (uint8_t *end = pixel + 4 * count; pixel < end; pixel += 4) {
    unsigned key = inverted ? pixel[3] : 255u - pixel[3];
    for (int channel = 0; channel < 3; channel++) {
      unsigned light = inverted ? pixel[channel] : 255u - pixel[channel];
      pixel[channel] = (uint8_t)((light * key + 127) / 255);
    }
  }
}

static void read_rows(struct decoder *decoder) {
  enum { BATCH = 8 };
  static struct painter painter;
  struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
  double scale = (double)jpeg->scale_num / jpeg->scale_denom;
  painter_open(&painter, decoder->job, (int)jpeg->output_width, (int)jpeg->output_height, scale, scale);
  size_t stride = 4 * (size_t)jpeg->output_width;
  JSAMPROW rows[BATCH];
  rows[0] = allocate(stride * BATCH);
  for (int row = 1; row < BATCH; row++) rows[row] = rows[row - 1] + stride;
  while (jpeg->output_scanline < jpeg->output_height) {
    unsigned count = jpeg_read_scanlines(jpeg, rows, BATCH);
    for (unsigned row = 0; row < count; row++) {
      if (jpeg->out_color_space == JCS_CMYK) cmyk_to_rgb(rows[row], jpeg->output_width, jpeg->saw_Adobe_marker);
      painter_push(&painter, rows[row]);
    }
  }
  painter_close(&painter);
}

void decode_jpeg(struct job *job, uint8_t *bytes, size_t length) {
  static struct decoder decoder;
  memset(&decoder, 0, sizeof decoder);
  decoder.job = job;
  struct jpeg_decompress_struct *jpeg = &decoder.jpeg;
  jpeg->err = jpeg_std_error(&decoder.errors);
  jpeg_create_decompress(jpeg);
  decoder.source = (struct jpeg_source_mgr){.next_input_byte = bytes,
                                            .bytes_in_buffer = length,
                                            .init_source = ignore_source,
                                            .fill_input_buffer = fill_source,
                                            .skip_input_data = skip_source,
                                            .resync_to_restart = jpeg_resync_to_restart,
                                            .term_source = ignore_source};
  jpeg->src = &decoder.source;
  jpeg_set_marker_processor(jpeg, JPEG_APP0 + 1, read_marker);
  jpeg_set_marker_processor(jpeg, JPEG_APP0 + 2, read_marker);
  jpeg_read_header(jpeg, TRUE);

  struct report *report = job->report;
  report->width = jpeg->image_width;
  report->height = jpeg->image_height;
  check_size(report, MAX_JPEG_PIXELS);
  struct placement placement = place(&job->request, report);
  jpeg->scale_num = 8 / (unsigned)shrink_factor(&placement, job->request.filter);
  jpeg->scale_denom = 8;
  bool cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  if (cmyk) report->display_p3 = 0;
  jpeg->out_color_space = cmyk ? JCS_CMYK : JCS_EXT_RGBX;
  jpeg->dct_method = JDCT_ISLOW;
  jpeg->do_block_smoothing = FALSE; /* it guesses coefficients that have not come */
  if (jpeg_has_multiple_scans(jpeg)) check_coefficients(&decoder);
  jpeg_start_decompress(jpeg);
  read_rows(&decoder);
  /* The arithmetic decoder reads zeros behind the end without a word. */
  if (decoder.exhausted && jpeg->arith_code) fail(FAIL_TRUNCATED);
}
