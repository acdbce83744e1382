// The parts of COCO's annotation file that are read here.

export interface CocoImage {
  id: number;
  file_name: string;
  width: number;
  height: number;
}

export interface CocoAnnotations {
  images: CocoImage[];
  annotations: { image_id: number; category_id: number; bbox: [x: number, y: number, width: number, height: number] }[];
}
