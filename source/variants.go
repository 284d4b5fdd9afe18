package source

import (
	"errors"
	"image"
	"strconv"
	"strings"
	"unicode/utf8"

	"mjpegazer/source/variant"
	"mjpegazer/stream"
)

// parseVariant reads the options that change the pictures of any source.
func parseVariant(o *options, v *variant.Source) {
	o.each("turn", "90, 180 or 270: degrees clockwise", func(value string) (err error) {
		if v.Turn, err = strconv.Atoi(value); err == nil && v.Turn != 0 {
			err = (&variant.Source{Turn: v.Turn}).Check()
		}
		return err
	})
	o.flag("mirror", &v.Mirror)
	o.flag("flip", &v.Flip)
	o.each("how", "exif or encode; leave it out to turn without loss", func(value string) error {
		if v.How = variant.How(value); value != string(variant.Exif) && value != string(variant.Encode) {
			return strconv.ErrSyntax
		}
		return nil
	})
}

// parseCamera reads a variant of another camera.
func parseCamera(address string, s *Spec, o *options, _ Defaults) error {
	s.Camera = address[len("camera:"):]
	if s.Camera == "" {
		return errors.New("the name of the camera is missing: camera:NAME")
	}
	if strings.ContainsAny(s.Camera, "/:@?&=%") { // it is not repeated: it may be an address, with a password
		return errors.New("what follows camera: is the name of another camera of the program, such as camera:door")
	}
	v := &s.variant
	o.number("width", 1, 1<<16-1, &v.Width)
	o.number("height", 1, 1<<16-1, &v.Height)
	o.number("quality", 1, 100, &v.Quality)
	o.rate("fps", &v.FPS)
	o.flag("grey", &v.Grey)
	o.each("crop", "X,Y,WIDTH,HEIGHT in pixels, such as 0,120,640,360", func(value string) (err error) {
		v.Crop, err = parseRectangle(value)
		return err
	})
	o.text("text", &v.Text)
	o.each("text-at", "top-left, top, top-right, bottom-left, bottom or bottom-right", func(value string) error {
		v.TextAt = variant.Place(value)
		return (&variant.Source{TextAt: v.TextAt}).Check()
	})
	return nil
}

func parseRectangle(text string) (image.Rectangle, error) {
	parts := strings.Split(text, ",")
	if len(parts) != 4 {
		return image.Rectangle{}, strconv.ErrSyntax
	}
	var n [4]int
	for i, part := range parts {
		value, err := strconv.ParseUint(strings.TrimSpace(part), 10, 16)
		if err != nil || i >= 2 && value == 0 {
			return image.Rectangle{}, strconv.ErrSyntax
		}
		n[i] = int(value)
	}
	return image.Rect(n[0], n[1], n[0]+n[2], n[1]+n[3]), nil
}

// finishVariant makes the source a variant where its options say so.
func (s *Spec) finishVariant(d Defaults) error {
	v := s.variant
	if s.Camera == "" && v == (variant.Source{}) {
		return nil
	}
	v.From, v.Limit, v.MaxPixels = s.Source, d.Limit, d.MaxPixels
	s.Source = &v
	return v.Check()
}

// View gives a variant the Stream of the camera that [Spec].Camera names. It must be called before the source runs.
func (s *Spec) View(of *stream.Stream) {
	s.Source.(*variant.Source).From = variant.View{Stream: of}
}

// unescapeText decodes the percent-encoded characters of a text in which letters that follow a % stand for parts of the time.
// These are never digits, so that %23 is a #; and %C3%A4 is an ä where a whole character is written so.
func unescapeText(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		run := escaped(text[i:])
		switch {
		case strings.HasPrefix(text[i:], "%%"):
			b.WriteString("%%")
			i++
		case run == "":
			b.WriteByte(text[i])
		case text[i+1] <= '9':
			b.WriteByte(run[0])
			i += 2
		default:
			r, size := utf8.DecodeRuneInString(run)
			if r == utf8.RuneError {
				b.WriteByte(text[i])
				continue
			}
			b.WriteString(run[:size])
			i += 3*size - 1
		}
	}
	return b.String()
}

// escaped decodes the percent-encoded bytes that a text begins with, of one character at most.
func escaped(text string) (decoded string) {
	for len(text) >= 3 && text[0] == '%' && len(decoded) < utf8.UTFMax {
		value, err := strconv.ParseUint(text[1:3], 16, 8)
		if err != nil {
			break
		}
		decoded, text = decoded+string([]byte{byte(value)}), text[3:]
	}
	return decoded
}
