import { pictureOf } from "./open-cameras.ts";

/** What a camera sends, byte for byte but for the picture, as documented or seen; CRLF line ends. */
export interface VendorPost {
  readonly vendor: string;
  readonly what: string;
  readonly init: RequestInit;
  /** Behind the camera's own path. */
  readonly path?: string;
  /** Images that must be found in it. */
  readonly images: number;
  /** Camera time that must be found in it, ISO 8601. */
  readonly at?: string;
}

/** The posts of one colour. */
export function vendorPosts(colour: "red" | "green" | "blue"): readonly VendorPost[] {
  return [...hikvision(colour), ...dahua(colour), ...others(colour)];
}

/** An event in the XML of ISAPI. */
function alert(type: string, state: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<EventNotificationAlert version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<ipAddress>192.168.1.64</ipAddress><portNo>80</portNo><protocol>HTTP</protocol>
<macAddress>c0:56:e3:00:00:01</macAddress><channelID>1</channelID>
<dateTime>2026-01-31T13:00:05+01:00</dateTime><activePostCount>1</activePostCount>
<eventType>${type}</eventType><eventState>${state}</eventState>
<eventDescription>${type} alarm</eventDescription>
</EventNotificationAlert>`;
}

function hikvision(colour: "red" | "green" | "blue"): readonly VendorPost[] {
  return [
    {
      vendor: "Hikvision",
      what: "number plates: XML and two pictures, named like files",
      init: multipart("form-data", "boundary", [
        part('form-data; name="anpr.xml"; filename="anpr.xml"', "text/xml", alert("ANPR", "active")),
        part(
          'form-data; name="licensePlatePicture.jpg"; filename="licensePlatePicture.jpg"',
          "image/jpeg",
          pictureOf(colour),
        ),
        part(
          'form-data; name="detectionPicture.jpg"; filename="detectionPicture.jpg"',
          "image/jpeg",
          pictureOf(colour),
        ),
      ]),
      images: 2,
      at: "2026-01-31T12:00:05Z",
    },
    {
      vendor: "Hikvision",
      what: "motion with a picture that has no disposition",
      init: multipart("form-data", "MIME_boundary", [
        part('form-data; name="MoveDetection.xml"', "application/xml", alert("VMD", "active")),
        part(null, "image/pjpeg", pictureOf(colour)),
      ]),
      images: 1,
      at: "2026-01-31T12:00:05Z",
    },
    {
      vendor: "Hikvision",
      what: "an event as XML alone",
      init: {
        method: "POST",
        body: alert("videoloss", "inactive"),
        headers: { "content-type": 'application/xml; charset="UTF-8"' },
      },
      images: 0,
    },
    {
      vendor: "Hikvision",
      what: "an event as JSON alone",
      init: {
        method: "POST",
        body: JSON.stringify({
          ipAddress: "192.168.1.64",
          dateTime: "2026-01-31T13:00:05+01:00",
          eventType: "VMD",
          eventState: "active",
        }),
        headers: { "content-type": "application/json" },
      },
      images: 0,
    },
  ];
}

function dahua(colour: "red" | "green" | "blue"): readonly VendorPost[] {
  const event = JSON.stringify({
    Channel: 0,
    Events: [{ Action: "Pulse", Code: "CrossLineDetection", Data: { UTC: 1_769_860_805, Name: "Rule1" } }],
  });
  return [
    {
      vendor: "Dahua",
      what: "an event and its picture as multipart/mixed",
      init: multipart("mixed", "myboundary", [
        part(null, "text/plain", event),
        part(null, "image/jpeg", pictureOf(colour)),
      ]),
      images: 1,
      at: "2026-01-31T12:00:05Z",
    },
    {
      vendor: "Dahua",
      what: "a picture without the last boundary",
      init: multipart(
        "form-data",
        "----dahua",
        [part('form-data; name="file"', "image/jpeg", pictureOf(colour))],
        false,
      ),
      images: 1,
    },
    {
      vendor: "Dahua",
      what: "its keep-alive",
      init: { method: "GET" },
      path: "/PictureHttpUpload/keepalive",
      images: 0,
    },
    {
      vendor: "Dahua",
      what: "its keep-alive as a post",
      init: { method: "POST", body: "" },
      path: "/EventHttpUpload/keepalive",
      images: 0,
    },
  ];
}

function others(colour: "red" | "green" | "blue"): readonly VendorPost[] {
  return [
    {
      vendor: "Axis",
      what: "send_images: the picture as it is, named in a header",
      init: raw(pictureOf(colour), "image/jpeg", {
        "content-disposition": 'attachment; filename="image26-01-31_12-00-05-12.jpg"',
      }),
      images: 1,
    },
    { vendor: "Axis", what: "its test of a recipient", init: { method: "GET" }, images: 0 },
    {
      vendor: "ESP32-CAM",
      what: "one part of a form",
      init: multipart("form-data", "RandomNerdTutorials", [
        part('form-data; name="imageFile"; filename="esp32-cam.jpg"', "image/jpeg", pictureOf(colour)),
      ]),
      images: 1,
    },
    {
      vendor: "DeepStack client",
      what: "an image and a key as a form, at the path of DeepStack",
      init: multipart("form-data", "d34d", [
        part('form-data; name="api_key"', null, "none"),
        part('form-data; name="image"; filename="image"', null, pictureOf(colour)),
      ]),
      path: "/v1/vision/scene",
      images: 1,
    },
    {
      vendor: "Motion",
      what: "curl --data-binary, which calls it a form",
      init: raw(pictureOf(colour), "application/x-www-form-urlencoded"),
      images: 1,
    },
    {
      vendor: "Motion",
      what: "curl -F file=@, as application/octet-stream",
      init: multipart("form-data", "------------------------8d5a", [
        part(
          'form-data; name="file"; filename="01-20260131120005.jpg"',
          "application/octet-stream",
          pictureOf(colour),
        ),
      ]),
      images: 1,
    },
    {
      vendor: "a script",
      what: "base64 in JSON with a time",
      init: {
        method: "POST",
        body: JSON.stringify({ meta: { at: "2026-01-31T12:00:05Z" }, image: base64(pictureOf(colour)) }),
        headers: { "content-type": "application/json" },
      },
      images: 1,
      at: "2026-01-31T12:00:05Z",
    },
    {
      vendor: "a script",
      what: "base64 in a form field",
      init: {
        method: "POST",
        body: new URLSearchParams({ cam: "1", image: base64(pictureOf(colour)) }),
      },
      images: 1,
    },
    { vendor: "a script", what: "no content type", init: raw(pictureOf(colour), ""), images: 1 },
    { vendor: "a script", what: "nothing", init: { method: "POST" }, images: 0 },
    {
      vendor: "a script",
      what: "rubbish that calls itself a form",
      init: raw(text("rubbish"), "multipart/form-data"),
      images: 0,
    },
  ];
}

/** An MJPEG stream of pictures, in pieces of some bytes. */
export function mjpeg(pictures: readonly Uint8Array[], pieceBytes: number): RequestInit {
  const chunks = pictures.map((picture) =>
    join([
      text(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`),
      picture,
      text("\r\n"),
    ]),
  );
  const whole = join([...chunks, text("--frame--\r\n")]);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < whole.length; at += pieceBytes)
        controller.enqueue(whole.slice(at, at + pieceBytes));
      controller.close();
    },
  });
  return { method: "POST", body, headers: { "content-type": "multipart/x-mixed-replace; boundary=--frame" } };
}

/** A multipart body of parts. */
export function multipart(
  subtype: string,
  boundary: string,
  parts: readonly Uint8Array[],
  hasEnd = true,
): RequestInit {
  const body = join([
    ...parts.flatMap((bytes) => [text(`--${boundary}\r\n`), bytes, text("\r\n")]),
    text(hasEnd ? `--${boundary}--\r\n` : ""),
  ]);
  return { method: "POST", body, headers: { "content-type": `multipart/${subtype}; boundary=${boundary}` } };
}

/** One part with its headers. */
export function part(
  disposition: string | null,
  type: string | null,
  content: Uint8Array | string,
): Uint8Array {
  const headers = [
    ...(disposition === null ? [] : [`Content-Disposition: ${disposition}`]),
    ...(type === null ? [] : [`Content-Type: ${type}`]),
  ];
  const bytes = typeof content === "string" ? text(content) : content;
  return join([text(`${headers.map((line) => `${line}\r\n`).join("")}\r\n`), bytes]);
}

function raw(body: Uint8Array<ArrayBuffer>, type: string, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", body, headers: { ...(type === "" ? {} : { "content-type": type }), ...headers } };
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(value));
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, bytes) => sum + bytes.length, 0));
  let at = 0;
  for (const bytes of parts) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}
