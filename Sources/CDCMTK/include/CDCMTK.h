// SPDX-License-Identifier: Apache-2.0
// DCMTK's JPEG and JPEG-LS codecs, one frame at a time. No type of DCMTK's is visible, no exception leaves, nothing is logged.
#ifndef COLLIMATOR_CDCMTK_H
#define COLLIMATOR_CDCMTK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A frame whose samples are 8 or 16 bits each, colour by pixel unless is_planar.
typedef struct {
  int32_t rows;
  int32_t columns;
  int32_t samples_per_pixel;
  int32_t bits_allocated;
  int32_t bits_stored;
  int32_t is_signed;
  int32_t is_planar;
} cdcmtk_frame;

/// Why a call failed, in DCMTK's words; always ends in NUL.
typedef struct {
  char text[160];
} cdcmtk_failure;

/// Silences every logger. Once, before anything else.
void cdcmtk_start(void);

/// Decodes a JPEG stream (any process) of `precision` 1 to 8 into bytes, 9 to 16 into 16 bit words; colours stay as they are
/// in the stream. 0 is success. The stream must have been walked before: a bare FF 01 sends the library round for ever.
int cdcmtk_jpeg_decode(
  const uint8_t *bytes, size_t count, int precision, int is_signed, int is_ybr, uint8_t *out, size_t out_count,
  cdcmtk_failure *failure);

/// Encodes JPEG Lossless, Non-Hierarchical, First-Order Prediction (process 14, selection value 1) of precision 8, 12 or 16.
/// Without `is_lossless`: JPEG Baseline of 8 bit grey or RGB for people, with `quality` 1 to 100.
int cdcmtk_jpeg_encode(
  const cdcmtk_frame *frame, int precision, int is_lossless, int quality, const uint8_t *samples, uint8_t *out,
  size_t out_count, size_t *written, cdcmtk_failure *failure);

/// Decodes a JPEG-LS stream into the frame's layout.
int cdcmtk_jpeg_ls_decode(
  const cdcmtk_frame *frame, const uint8_t *bytes, size_t count, uint8_t *out, size_t out_count,
  cdcmtk_failure *failure);

/// Encodes JPEG-LS Lossless; the samples are colour by pixel.
int cdcmtk_jpeg_ls_encode(
  const cdcmtk_frame *frame, const uint8_t *samples, uint8_t *out, size_t out_count, size_t *written,
  cdcmtk_failure *failure);

#ifdef __cplusplus
}
#endif

#endif
