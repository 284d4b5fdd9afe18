package mjpeg

import "bytes"

// kindSize is how many bytes are needed to tell a kind.
const kindSize = 12

// kinds are what cameras send instead of JPEGs, by their first bytes: those at an offset.
var kinds = []struct {
	at    int
	magic string
	name  string
}{
	{0, "\x89PNG", "PNG"},
	{0, "GIF8", "GIF"},
	{8, "WEBP", "WebP"},
	{8, "AVI ", "AVI"},
	{4, "ftypavi", "AVIF"},
	{4, "ftyphei", "HEIC"},
	{4, "ftyphev", "HEIC"},
	{4, "ftypmif", "HEIF"},
	{4, "ftypmsf", "HEIF"},
	{4, "ftypjxl", "JPEG XL"},
	{4, "JXL ", "JPEG XL"},
	{0, "\xFF\x0A", "JPEG XL"},
	{4, "jP  ", "JPEG 2000"},
	{0, "\xFF\x4F\xFF\x51", "JPEG 2000"},
	{0, "II*\x00", "TIFF"},
	{0, "MM\x00*", "TIFF"},
	{4, "ftyp", "MP4"},
	{4, "moof", "MP4"},
	{0, "\x1A\x45\xDF\xA3", "WebM or Matroska"},
	{0, "FLV\x01", "FLV"},
	{0, "\x00\x00\x00\x01\x40", "H.265"},
	{0, "\x00\x00\x00\x01", "H.264"},
	{0, "\x00\x00\x01\xBA", "MPEG"},
	{0, "\x00\x00\x01", "H.264"},
	{0, "G@\x00", "MPEG-TS"}, // a program association table, as at the beginning
	{0, "#EXTM3U", "HLS"},
	{0, "%PDF-", "PDF"},
	{0, "<svg", "SVG"},
	{0, "\x1F\x8B\x08", "gzip"},
	{0, "RTSP/", "RTSP"},
}

// kindOf names what begins with b; "" means that it may be anything.
func kindOf(b []byte) string {
	for _, k := range kinds {
		if len(b) >= k.at && bytes.HasPrefix(b[k.at:], []byte(k.magic)) {
			return k.name
		}
	}
	if len(b) > 5 && b[0] == 'B' && b[1] == 'M' && bytes.Equal(b[6:min(10, len(b))], make([]byte, min(10, len(b))-6)) {
		return "BMP" // its size, then four bytes that are 0
	}
	return ""
}
