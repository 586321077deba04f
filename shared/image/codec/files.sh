# Which C files and flags make the modules; sourced by build.sh and sanitize.sh, which set $here and $tree.

jpeg=$tree/libjpeg-turbo
jpeg_common=(jcomapi jmemmgr jmemnobs jutils jaricom jsimd_none)
jpeg_decoder=(jdapimin jdapistd jdarith jdcoefct jdcolor jddctmgr jdhuff jdinput jdmainct jdmarker jdmaster jdmerge
  jdphuff jdpostct jdsample jidctflt jidctfst jidctint jidctred jquant1 jquant2)
jpeg_encoder=(jcapimin jcapistd jccoefct jccolor jcdctmgr jchuff jcinit jcmainct jcmarker jcmaster jcparam jcphuff
  jcprepct jcsample jdatadst jfdctflt jfdctfst jfdctint)
webp_decoder=(dsp/alpha_processing dsp/cpu dsp/dec dsp/dec_clip_tables dsp/filters dsp/lossless dsp/rescaler
  dsp/upsampling dsp/yuv utils/bit_reader_utils utils/color_cache_utils utils/filters_utils utils/huffman_utils
  utils/quant_levels_dec_utils utils/random_utils utils/rescaler_utils utils/thread_utils utils/utils
  dec/alpha_dec dec/buffer_dec dec/frame_dec dec/idec_dec dec/io_dec dec/quant_dec dec/tree_dec dec/vp8_dec
  dec/vp8l_dec dec/webp_dec)
inflate=(adler32 crc32 inffast inflate inftrees zutil)
# What decoding a JPEG spends its time in; all else is built to be small, which the Worker's size and its first image feel.
hot=(jdcoefct jdcolor jdhuff jdmerge jdphuff jdsample jidctint jidctred median p3 painter)
own_decoder=(codec exif geometry icc jpeg jpeg-scans median p3 painter png webp)

in_folder() { local folder=$1; shift; printf "$folder/%s.c\n" "$@"; }

decoder_libraries=($(in_folder "$jpeg" "${jpeg_common[@]}" "${jpeg_decoder[@]}")
  $(in_folder "$tree/libwebp/src" "${webp_decoder[@]}") "$tree/libspng/spng/spng.c"
  $(in_folder "$tree/zlib" "${inflate[@]}"))
decoder_files=("${decoder_libraries[@]}" $(in_folder "$here" "${own_decoder[@]}"))
encoder_files=($(in_folder "$jpeg" "${jpeg_common[@]}" "${jpeg_encoder[@]}") "$here/encoder.c")

includes=(-I"$here/libjpeg" -I"$jpeg" -I"$tree/libwebp" -I"$tree/libwebp/src" -I"$tree/libspng/spng" -I"$tree/zlib")
# Floating point stays as written: no fused multiply-add, no reordering.
common_flags=(-std=gnu11 -fno-strict-aliasing -ffp-contract=off -DNDEBUG -DNO_GETENV -DNO_PUTENV -DSPNG_STATIC
  -DZLIB_CONST)
own_warnings=(-Wall -Wextra -Werror)
