/** The light build has the types of the whole; it lacks alternate audio, subtitle playlists, DRM and CMCD, all unused here. */
declare module "hls.js/light" {
  export * from "hls.js";
  export { default } from "hls.js";
}
