// SPDX-License-Identifier: Apache-2.0

#include "CDCMTK.h"

#include <cstring>
#include <memory>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmjpeg/djcparam.h>
#include <dcmtk/dcmjpeg/djdijg12.h>
#include <dcmtk/dcmjpeg/djdijg16.h>
#include <dcmtk/dcmjpeg/djdijg8.h>
#include <dcmtk/dcmjpeg/djeijg12.h>
#include <dcmtk/dcmjpeg/djeijg16.h>
#include <dcmtk/dcmjpeg/djeijg8.h>
#include <dcmtk/dcmjpls/djcodecd.h>
#include <dcmtk/dcmjpls/djcodece.h>
#include <dcmtk/dcmjpls/djcparam.h>
#include <dcmtk/dcmjpls/djrparam.h>
#include <dcmtk/oflog/oflog.h>

namespace {

int failed(cdcmtk_failure *failure, const char *why) {
  std::strncpy(failure->text, why, sizeof failure->text - 1);
  failure->text[sizeof failure->text - 1] = 0;
  return 1;
}

/// Runs `body` and lets no exception out.
template <typename Body>
int guarded(cdcmtk_failure *failure, Body body) {
  failure->text[0] = 0;
  try {
    return body();
  } catch (const std::exception &error) {
    return failed(failure, error.what());
  } catch (...) {
    return failed(failure, "an exception without a name");
  }
}

int result(const OFCondition &condition, cdcmtk_failure *failure) {
  return condition.good() ? 0 : failed(failure, condition.text());
}

DJCodecParameter jpegParameter(E_CompressionColorSpaceConversion conversion) {
  return DJCodecParameter(conversion, EDC_never, EUC_never, EPC_colorByPixel);
}

std::unique_ptr<DJDecoder> jpegDecoder(const DJCodecParameter &parameter, int precision, bool isYBR) {
  if (precision <= 8) return std::make_unique<DJDecompressIJG8Bit>(parameter, isYBR);
  if (precision <= 12) return std::make_unique<DJDecompressIJG12Bit>(parameter, isYBR);
  return std::make_unique<DJDecompressIJG16Bit>(parameter, isYBR);
}

std::unique_ptr<DJEncoder> losslessEncoder(const DJCodecParameter &parameter, int precision) {
  if (precision <= 8) return std::make_unique<DJCompressIJG8Bit>(parameter, EJM_lossless, 1, 0);
  if (precision <= 12) return std::make_unique<DJCompressIJG12Bit>(parameter, EJM_lossless, 1, 0);
  return std::make_unique<DJCompressIJG16Bit>(parameter, EJM_lossless, 1, 0);
}

/// VRs are said, not looked up: there is no dictionary behind a worker's walls.
void putUnsigned(DcmItem &item, const DcmTagKey &key, Uint16 value) {
  auto element = std::make_unique<DcmUnsignedShort>(DcmTag(key, EVR_US));
  element->putUint16(value);
  if (item.insert(element.get(), OFTrue).good()) (void)element.release();
}

void putText(DcmItem &item, const DcmTagKey &key, DcmEVR vr, const char *value) {
  std::unique_ptr<DcmByteString> element;
  if (vr == EVR_UI) element = std::make_unique<DcmUniqueIdentifier>(DcmTag(key, vr));
  else if (vr == EVR_IS) element = std::make_unique<DcmIntegerString>(DcmTag(key, vr));
  else element = std::make_unique<DcmCodeString>(DcmTag(key, vr));
  element->putString(value);
  if (item.insert(element.get(), OFTrue).good()) (void)element.release();
}

void describe(DcmItem &item, const cdcmtk_frame &frame) {
  putText(item, DCM_SOPClassUID, EVR_UI, UID_SecondaryCaptureImageStorage);
  putText(item, DCM_SOPInstanceUID, EVR_UI, "2.25.1");
  putUnsigned(item, DCM_SamplesPerPixel, OFstatic_cast(Uint16, frame.samples_per_pixel));
  // Colours are nothing to these codecs but a number of samples.
  putText(item, DCM_PhotometricInterpretation, EVR_CS, frame.samples_per_pixel == 3 ? "RGB" : "MONOCHROME2");
  if (frame.samples_per_pixel > 1) putUnsigned(item, DCM_PlanarConfiguration, frame.is_planar ? 1 : 0);
  putText(item, DCM_NumberOfFrames, EVR_IS, "1");
  putUnsigned(item, DCM_Rows, OFstatic_cast(Uint16, frame.rows));
  putUnsigned(item, DCM_Columns, OFstatic_cast(Uint16, frame.columns));
  putUnsigned(item, DCM_BitsAllocated, OFstatic_cast(Uint16, frame.bits_allocated));
  putUnsigned(item, DCM_BitsStored, OFstatic_cast(Uint16, frame.bits_stored));
  putUnsigned(item, DCM_HighBit, OFstatic_cast(Uint16, frame.bits_stored - 1));
  putUnsigned(item, DCM_PixelRepresentation, frame.is_signed ? 1 : 0);
}

/// The JPEG-LS encoder puts this one into what it describes by the VR that the dictionary has, whatever was said.
void teachDictionary() {
  auto entry = std::make_unique<DcmDictEntry>(
    DCM_PlanarConfiguration.getGroup(), DCM_PlanarConfiguration.getElement(), DcmVR(EVR_US), "PlanarConfiguration", 1, 1,
    "", OFTrue, nullptr);
  dcmDataDict.wrlock().addEntry(entry.release());
  dcmDataDict.wrunlock();
}

/// All fragments but the offset table, one behind the other.
int copyFragments(
  DcmPixelSequence &sequence, uint8_t *out, size_t out_count, size_t *written, cdcmtk_failure *failure) {
  size_t position = 0;
  for (unsigned long index = 1; index < sequence.card(); ++index) {
    DcmPixelItem *item = nullptr;
    Uint8 *bytes = nullptr;
    if (sequence.getItem(item, index).bad() || item->getUint8Array(bytes).bad() || bytes == nullptr) {
      return failed(failure, "no fragment was written");
    }
    size_t length = item->getLength();
    if (length > out_count - position) return failed(failure, "the encoded frame is larger than its room");
    std::memcpy(out + position, bytes, length);
    position += length;
  }
  *written = position;
  return position > 0 ? 0 : failed(failure, "nothing was encoded");
}

}  // namespace

extern "C" void cdcmtk_start(void) {
  try {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    teachDictionary();
  } catch (...) {
  }
}

extern "C" int cdcmtk_jpeg_decode(
  const uint8_t *bytes, size_t count, int precision, int is_signed, int is_ybr, uint8_t *out, size_t out_count,
  cdcmtk_failure *failure) {
  return guarded(failure, [&]() -> int {
    if (count > UINT32_MAX || out_count > UINT32_MAX) return failed(failure, "the frame is longer than 32 bits can say");
    DJCodecParameter parameter = jpegParameter(ECC_lossyRGB);
    std::unique_ptr<DJDecoder> decoder = jpegDecoder(parameter, precision, is_ybr != 0);
    OFCondition condition = decoder->init();
    if (condition.bad()) return result(condition, failure);
    condition = decoder->decode(
      const_cast<Uint8 *>(bytes), OFstatic_cast(Uint32, count), out, OFstatic_cast(Uint32, out_count), is_signed != 0);
    if (condition == EJ_Suspension) return failed(failure, "the stream ends before the frame is complete");
    return result(condition, failure);
  });
}

extern "C" int cdcmtk_jpeg_encode(
  const cdcmtk_frame *frame, int precision, int is_lossless, int quality, const uint8_t *samples, uint8_t *out,
  size_t out_count, size_t *written, cdcmtk_failure *failure) {
  return guarded(failure, [&]() -> int {
    DJCodecParameter parameter = jpegParameter(is_lossless ? ECC_lossyRGB : ECC_lossyYCbCr);
    std::unique_ptr<DJEncoder> encoder;
    if (is_lossless) encoder = losslessEncoder(parameter, precision);
    else encoder = std::make_unique<DJCompressIJG8Bit>(parameter, EJM_baseline, OFstatic_cast(Uint8, quality));
    const EP_Interpretation interpretation = frame->samples_per_pixel == 3 ? EPI_RGB : EPI_Monochrome2;
    Uint8 *encoded = nullptr;
    Uint32 length = 0;
    OFCondition condition;
    if (precision <= 8) {
      condition = encoder->encode(
        OFstatic_cast(Uint16, frame->columns), OFstatic_cast(Uint16, frame->rows), interpretation,
        OFstatic_cast(Uint16, frame->samples_per_pixel), const_cast<Uint8 *>(samples), encoded, length);
    } else {
      condition = encoder->encode(
        OFstatic_cast(Uint16, frame->columns), OFstatic_cast(Uint16, frame->rows), interpretation,
        OFstatic_cast(Uint16, frame->samples_per_pixel),
        reinterpret_cast<Uint16 *>(const_cast<uint8_t *>(samples)), encoded, length);
    }
    std::unique_ptr<Uint8[]> owned(encoded);
    if (condition.bad()) return result(condition, failure);
    if (encoded == nullptr || length == 0) return failed(failure, "nothing was encoded");
    if (length > out_count) return failed(failure, "the encoded frame is larger than its room");
    std::memcpy(out, encoded, length);
    *written = length;
    return 0;
  });
}

extern "C" int cdcmtk_jpeg_ls_decode(
  const cdcmtk_frame *frame, const uint8_t *bytes, size_t count, uint8_t *out, size_t out_count,
  cdcmtk_failure *failure) {
  return guarded(failure, [&]() -> int {
    if (count > UINT32_MAX - 1 || out_count > UINT32_MAX) return failed(failure, "the frame is longer than 32 bits can say");
    DcmDataset dataset;
    describe(dataset, *frame);
    DcmPixelSequence sequence(DcmTag(DCM_PixelData, EVR_OB));
    auto table = std::make_unique<DcmPixelItem>(DcmTag(DCM_Item, EVR_OB));
    if (sequence.insert(table.get()).bad()) return failed(failure, "no room for the offset table");
    (void)table.release();
    auto item = std::make_unique<DcmPixelItem>(DcmTag(DCM_Item, EVR_OB));
    // Fragments are of even length.
    std::vector<Uint8> padded(bytes, bytes + count);
    if (padded.size() % 2 == 1) padded.push_back(0);
    OFCondition condition = item->putUint8Array(padded.data(), OFstatic_cast(Uint32, padded.size()));
    if (condition.good()) condition = sequence.insert(item.get());
    if (condition.bad()) return result(condition, failure);
    (void)item.release();
    DJLSCodecParameter parameter(EJLSUC_never, EJLSPC_restore, OFTrue, OFTrue);
    DJLSLosslessDecoder decoder;
    Uint32 startFragment = 1;
    OFString colours;
    return result(
      decoder.decodeFrame(
        nullptr, &sequence, &parameter, &dataset, 0, startFragment, out, OFstatic_cast(Uint32, out_count), colours),
      failure);
  });
}

extern "C" int cdcmtk_jpeg_ls_encode(
  const cdcmtk_frame *frame, const uint8_t *samples, uint8_t *out, size_t out_count, size_t *written,
  cdcmtk_failure *failure) {
  return guarded(failure, [&]() -> int {
    DcmDataset dataset;
    describe(dataset, *frame);
    const size_t count = size_t(frame->rows) * size_t(frame->columns) * size_t(frame->samples_per_pixel)
      * size_t(frame->bits_allocated / 8);
    if (count > UINT32_MAX - 1) return failed(failure, "the frame is longer than 32 bits can say");
    // The codec reads 16 bit words, and asks for an even number of bytes.
    std::vector<Uint16> words((count + 1) / 2);
    std::memcpy(words.data(), samples, count);
    auto element = std::make_unique<DcmPixelData>(DcmTag(DCM_PixelData, EVR_OW));
    DcmPixelData *pixelData = element.get();
    OFCondition condition = dataset.insert(pixelData, OFTrue);
    if (condition.bad()) return result(condition, failure);
    (void)element.release();
    DJLSCodecParameter parameter(
      OFFalse, 0, 0, 0, 0, 0, OFFalse, EJLSUC_never, OFFalse, EJLSPC_restore, OFTrue,
      DJLSCodecParameter::interleaveLine);
    DJLSRepresentationParameter representation(0, OFTrue);
    DJLSLosslessEncoder encoder;
    DcmStack stack;
    stack.push(&dataset);
    stack.push(pixelData);
    DcmPixelSequence *encoded = nullptr;
    OFBool removesOld = OFFalse;
    condition = encoder.encode(
      words.data(), OFstatic_cast(Uint32, words.size() * 2), &representation, encoded, &parameter, stack, removesOld);
    std::unique_ptr<DcmPixelSequence> owned(encoded);
    if (condition.bad()) return result(condition, failure);
    if (encoded == nullptr) return failed(failure, "nothing was encoded");
    return copyFragments(*encoded, out, out_count, written, failure);
  });
}
