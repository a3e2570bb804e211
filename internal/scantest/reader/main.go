// Command reader answers scan.py: for each line of standard input, the path of a grey picture (PGM), it prints as JSON what Cardproof's own
// reader of photographs finds in it.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"log"
	"os"
	"time"

	"github.com/cardproof/cardproof/verify/photo"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		text, err := read(lines.Text())
		if err != nil {
			log.Fatal(err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(map[string]string{"Cardproof": text}); err != nil {
			log.Fatal(err)
		}
	}
}

// read gives the first text of a picture as Pillow writes it: P5, width and height, 255, each behind white space.
func read(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var w, h, most int
	if _, err := fmt.Fscanf(bytes.NewReader(data), "P5\n%d %d\n%d", &w, &h, &most); err != nil || w < 1 || h < 1 || len(data) < w*h {
		return "", fmt.Errorf("%s is no PGM: %v", path, err)
	}
	img := &image.Gray{Pix: data[len(data)-w*h:], Stride: w, Rect: image.Rect(0, 0, w, h)}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	found, _ := photo.Read(ctx, img)
	if len(found) == 0 {
		return "", nil
	}
	return found[0].Text, nil
}
