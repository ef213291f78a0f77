/** /test/direct/: camera and microphone. */
import { check } from "./check.ts";

check({ title: "Camera and microphone", namespace: "audio_visual_test", audioOnly: false, mostNoise: 6 });
